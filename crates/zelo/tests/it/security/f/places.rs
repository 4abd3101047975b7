//! What files say of the place where they were made.

use super::crc;
use crate::media::{PHOTO, scene};

/// EXIF with a place, in either order of bytes: 23° 33' S, and the camera's name.
fn exif(is_little: bool, number: u16) -> Vec<u8> {
    let short = |value: u16| if is_little { value.to_le_bytes() } else { value.to_be_bytes() };
    let long = |value: u32| if is_little { value.to_le_bytes() } else { value.to_be_bytes() };
    let mut tiff = if is_little { b"II*\0".to_vec() } else { b"MM\0*".to_vec() };
    tiff.extend_from_slice(&long(8));
    tiff.extend_from_slice(&short(2));
    // Orientation, and where the place stands.
    for (tag, kind, value) in [(0x0112, 3, u32::from(number % 8 + 1)), (0x8825, 4, 38)] {
        tiff.extend_from_slice(&short(tag));
        tiff.extend_from_slice(&short(kind));
        tiff.extend_from_slice(&long(1));
        if kind == 3 {
            tiff.extend_from_slice(&short(u16::try_from(value).unwrap()));
            tiff.extend_from_slice(&[0, 0]);
        } else {
            tiff.extend_from_slice(&long(value));
        }
    }
    tiff.extend_from_slice(&long(0));
    tiff.extend_from_slice(&short(1));
    tiff.extend_from_slice(&short(2));
    tiff.extend_from_slice(&short(5));
    tiff.extend_from_slice(&long(3));
    tiff.extend_from_slice(&long(56));
    tiff.extend_from_slice(&long(0));
    for value in [23, 1, 33, 1, u32::from(number), 1] {
        tiff.extend_from_slice(&long(value));
    }
    tiff.extend_from_slice(b"CAMERA-DA-ANA\0");
    tiff
}

/// A photo with a place in it: as JPEG with EXIF and XMP, or as PNG with EXIF.
fn located(number: u16) -> (&'static str, Vec<u8>) {
    let exif = exif(number.is_multiple_of(2), number);
    if number.is_multiple_of(5) {
        let mut chunk = b"eXIf".to_vec();
        chunk.extend_from_slice(&exif);
        let mut png = PHOTO[..33].to_vec();
        png.extend_from_slice(&u32::try_from(exif.len()).unwrap().to_be_bytes());
        png.extend_from_slice(&chunk);
        png.extend_from_slice(&crc(&chunk).to_be_bytes());
        png.extend_from_slice(&PHOTO[33..]);
        return ("image/png", png);
    }
    let plain = pictures::prepare(PHOTO, pictures::Format::Png, 1_000_000, 1_000).unwrap().bytes;
    let xmp = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta exif:GPSLatitude=\"23,33.1S\"/>CAMERA-DA-ANA";
    let mut jpeg = plain[..2].to_vec();
    for segment in [[b"Exif\0\0".as_slice(), &exif].concat(), xmp.to_vec()] {
        jpeg.extend_from_slice(&[0xff, 0xe1]);
        jpeg.extend_from_slice(&u16::try_from(segment.len() + 2).unwrap().to_be_bytes());
        jpeg.extend_from_slice(&segment);
    }
    jpeg.extend_from_slice(&plain[2..]);
    ("image/jpeg", jpeg)
}

#[tokio::test]
async fn f06_50_photos_with_a_place_have_none_when_they_leave() {
    let (app, _, ana, helena) = scene().await;
    helena.says("manda as fotos").await;
    app.run_jobs().await;
    let tells = |bytes: &[u8]| {
        let has = |word: &[u8]| bytes.windows(word.len()).any(|part| part == word);
        has(b"CAMERA-DA-ANA") || has(b"Exif") || has(b"eXIf") || has(b"GPS") || has(b"xap/1.0")
    };
    for number in 0..50 {
        let (mime_type, photo) = located(number);
        assert!(tells(&photo), "the test has nothing to look for");
        let file = ana.uploads(&format!("?filename=foto{number}"), mime_type, photo).await.ok();
        let (answer, bytes) = ana.opens(&file["url"], &[]).await;
        assert_eq!(answer.status, 200);
        assert!(bytes.starts_with(b"\xff\xd8\xff"), "photo {number}");
        assert!(!tells(&bytes), "photo {number} says where it was taken");
    }
}

/// A film of a phone, as far as boxes go: where it was taken stands before and behind its pictures.
fn filmed() -> Vec<u8> {
    let boxed = |name: &[u8], content: &[u8]| {
        [&u32::try_from(content.len() + 8).unwrap().to_be_bytes(), name, content].concat()
    };
    let xyz = boxed(b"udta", &boxed(b"\xa9xyz", b"\0\x12\x15\xc7-23.5505-046.6333/"));
    let loci = boxed(b"udta", &boxed(b"loci", b"\0\0\0\0\0\0-23.5505-046.6333"));
    let moov = |places: &[u8]| boxed(b"moov", &[boxed(b"mvhd", &[7; 100]), places.to_vec()].concat());
    let start = boxed(b"ftyp", b"isom\0\0\0\0isommp42");
    [start, moov(&xyz), boxed(b"mdat", &[9; 200_000]), moov(&loci)].concat()
}

#[tokio::test]
async fn f06_films_have_no_place_when_they_leave_and_their_pictures_stay() {
    let (app, _, ana, helena) = scene().await;
    helena.says("manda o filme").await;
    app.run_jobs().await;
    let tells = |bytes: &[u8]| bytes.windows(8).any(|part| part == b"-23.5505");
    for (query, mime_type, kind) in [
        ("?filename=praia.mp4", "video/mp4", "video"),
        ("?filename=praia.mp4&type=document", "video/mp4", "document"),
    ] {
        let film = filmed();
        assert!(tells(&film), "the test has nothing to look for");
        let file = ana.uploads(query, mime_type, film.clone()).await.ok();
        let (answer, bytes) = ana.opens(&file["url"], &[]).await;
        assert_eq!((answer.status, bytes.len()), (200, film.len()), "{kind}");
        assert!(!tells(&bytes), "the {kind} says where it was taken");
        let changed = film.iter().zip(&bytes).filter(|(before, after)| before != after).count();
        assert!(
            changed < 100 && bytes.windows(1_000).any(|part| part == [9; 1_000]),
            "{changed} bytes changed"
        );
    }
}
