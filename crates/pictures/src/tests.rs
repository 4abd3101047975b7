use super::*;

const MOST: u64 = 50_000_000;

fn noise(width: u32, height: u32) -> DynamicImage {
    let mut seed = 7_u32;
    DynamicImage::ImageRgb8(image::RgbImage::from_fn(width, height, |_, _| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        image::Rgb([(seed >> 24) as u8, (seed >> 16) as u8, (seed >> 8) as u8])
    }))
}

/// A photo with a camera's description: EXIF with orientation 6 (turned by 90 degrees) and a place.
fn with_exif(jpeg: &[u8]) -> Vec<u8> {
    let tiff = b"II*\x00\x08\x00\x00\x00\x02\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00\
                 \x25\x88\x04\x00\x01\x00\x00\x00\x26\x00\x00\x00\x00\x00\x00\x00\
                 \x01\x00\x01\x00\x02\x00\x02\x00\x00\x00S\x00\x00\x00\x00\x00\x00\x00";
    let mut segment = b"Exif\0\0".to_vec();
    segment.extend_from_slice(tiff);
    let mut whole = jpeg[..2].to_vec();
    whole.extend_from_slice(&[0xff, 0xe1]);
    whole.extend_from_slice(&u16::try_from(segment.len() + 2).unwrap().to_be_bytes());
    whole.extend_from_slice(&segment);
    whole.extend_from_slice(&jpeg[2..]);
    whole
}

#[test]
fn a_prepared_photo_is_turned_and_says_nothing_of_its_camera() {
    let photo = with_exif(&jpeg(&noise(64, 32), 90).unwrap());
    let prepared = prepare(&photo, Format::Jpeg, 5_000_000, MOST).unwrap();
    assert_eq!((prepared.width, prepared.height), (32, 64), "turned as people see it");
    assert!(!prepared.bytes.windows(4).any(|four| four == b"Exif"));
    assert_eq!(prepared.format, Format::Jpeg);
}

#[test]
fn a_large_photo_becomes_as_small_as_it_must() {
    let photo = png(&noise(1200, 900)).unwrap();
    assert!(photo.len() > 200_000);
    let prepared = prepare(&photo, Format::Png, 200_000, MOST).unwrap();
    assert!(prepared.bytes.len() <= 200_000);
    assert!(prepared.width < 1200 && prepared.width * 3 / 4 <= prepared.height + 2);
}

#[test]
fn what_is_transparent_stays_so_when_it_fits() {
    let mut drawing = image::RgbaImage::from_pixel(20, 20, image::Rgba([200, 0, 0, 255]));
    drawing.put_pixel(3, 3, image::Rgba([0, 0, 0, 0]));
    let bytes = png(&DynamicImage::ImageRgba8(drawing)).unwrap();
    let prepared = prepare(&bytes, Format::Png, 5_000_000, MOST).unwrap();
    assert_eq!(prepared.format, Format::Png);
    let small = thumbnail(&bytes, Format::Png, 640, MOST).unwrap();
    let small = image::load_from_memory(&small.jpeg).unwrap().to_rgb8();
    assert!(small.get_pixel(3, 3).0.iter().all(|channel| *channel > 100), "white shines through");
}

/// Made by libheif 1.23 with x265, of 320 by 240 pixels, with a camera's name and a place.
const PHONE: &[u8] = include_bytes!("../samples/phone.heic");

#[test]
fn a_photo_of_a_newer_phone_becomes_jpeg() {
    assert!(PHONE.windows(11).any(|part| part == b"Zelo Phones"));
    let prepared = prepare(PHONE, Format::Heic, 5_000_000, MOST).unwrap();
    assert_eq!((prepared.format, prepared.width, prepared.height), (Format::Jpeg, 320, 240));
    assert!(prepared.bytes.starts_with(b"\xff\xd8\xff"));
    assert!(!prepared.bytes.windows(4).any(|four| four == b"Exif" || four == b"Zelo"));
    // Sky above, meadow below: it is the picture, and not only something of its size.
    let shown = image::load_from_memory(&prepared.bytes).unwrap().to_rgb8();
    let (sky, meadow) = (shown.get_pixel(20, 20).0, shown.get_pixel(20, 220).0);
    assert!(sky[2] > 180 && sky[0] < 150, "{sky:?}");
    assert!(meadow[1] > 90 && meadow[2] < 100, "{meadow:?}");
    assert!(matches!(prepare(PHONE, Format::Heic, 5_000_000, 100), Err(Fault::TooManyPixels)));
}

#[test]
fn a_picture_that_would_fill_the_memory_is_refused_by_its_head() {
    // The head of a PNG with 50,000 by 50,000 pixels, and nothing behind.
    let mut bomb = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bomb.extend_from_slice(&50_000_u32.to_be_bytes());
    bomb.extend_from_slice(&50_000_u32.to_be_bytes());
    bomb.extend_from_slice(&[8, 2, 0, 0, 0]);
    let sum = crc(&bomb[12..]);
    bomb.extend_from_slice(&sum.to_be_bytes());
    bomb.extend_from_slice(b"\0\0\0\0IDAT\x35\xaf\x06\x1e\0\0\0\0IEND\xae\x42\x60\x82");
    let refused = thumbnail(&bomb, Format::Png, 640, MOST);
    assert!(matches!(refused, Err(Fault::TooManyPixels)), "{refused:?}");
}

/// CRC-32 as PNG has it (ISO 15948, annex D).
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(
            sum ^ u32::from(*byte),
            |sum, _| if sum & 1 == 1 { 0xedb8_8320 ^ (sum >> 1) } else { sum >> 1 },
        )
    })
}

#[test]
fn what_is_no_picture_is_broken_and_nothing_panics() {
    let photo = jpeg(&noise(64, 64), 80).unwrap();
    for format in [Format::Jpeg, Format::Png, Format::Webp, Format::Gif, Format::Heic] {
        for bytes in [&b""[..], b"oi", &photo[..40], &photo[20..]] {
            let _ = thumbnail(bytes, format, 640, MOST);
        }
        assert!(matches!(thumbnail(b"not a picture at all", format, 640, MOST), Err(Fault::Broken(_))));
    }
}
