//! Small honest files of every type that is taken.

use crate::media::{PHOTO, pdf};

/// A file and what is rightly said of it.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    pub(super) extension: &'static str,
    pub(super) mime_type: &'static str,
    pub(super) content: Vec<u8>,
}

/// A ZIP archive with these files, not compressed.
pub(super) fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut all, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in entries {
        let offset = u32::try_from(all.len()).unwrap();
        let length = u32::try_from(content.len()).unwrap();
        let mut common = vec![20, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        common.extend_from_slice(&[0; 4]);
        common.extend_from_slice(&length.to_le_bytes());
        common.extend_from_slice(&length.to_le_bytes());
        common.extend_from_slice(&u16::try_from(name.len()).unwrap().to_le_bytes());
        common.extend_from_slice(&[0, 0]);
        all.extend_from_slice(b"PK\x03\x04");
        all.extend_from_slice(&common);
        all.extend_from_slice(name.as_bytes());
        all.extend_from_slice(content);
        directory.extend_from_slice(b"PK\x01\x02\x14\0");
        directory.extend_from_slice(&common);
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&offset.to_le_bytes());
        directory.extend_from_slice(name.as_bytes());
    }
    let (offset, length) = (u32::try_from(all.len()).unwrap(), u32::try_from(directory.len()).unwrap());
    let count = u16::try_from(entries.len()).unwrap().to_le_bytes();
    all.extend_from_slice(&directory);
    all.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    all.extend_from_slice(&count);
    all.extend_from_slice(&count);
    all.extend_from_slice(&length.to_le_bytes());
    all.extend_from_slice(&offset.to_le_bytes());
    all.extend_from_slice(&[0, 0]);
    all
}

fn office(part: &str) -> Vec<u8> {
    archive(&[
        ("[Content_Types].xml", b"<?xml version=\"1.0\"?><Types/>"),
        (part, b"<?xml version=\"1.0\"?><x/>"),
    ])
}

/// The older kind of document: a header, and a directory that names one stream.
fn compound(stream: &str) -> Vec<u8> {
    let mut file = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    file.resize(30, 0);
    file.extend_from_slice(&9_u16.to_le_bytes());
    file.resize(512, 0);
    file.extend(stream.encode_utf16().flat_map(u16::to_le_bytes));
    file.resize(1024, 0);
    file
}

/// A film or a sound of this brand.
fn branded(brand: &[u8; 4]) -> Vec<u8> {
    [b"\0\0\0\x14ftyp", brand.as_slice(), b"\0\0\0\0", brand, b"\0\0\0\x08free"].concat()
}

/// One of each.
pub(super) fn samples() -> Vec<Sample> {
    let of =
        |extension, mime_type, content: &[u8]| Sample { extension, mime_type, content: content.to_vec() };
    let jpeg = pictures::prepare(PHOTO, pictures::Format::Png, 1_000_000, 1_000).unwrap().bytes;
    let gif = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
    let webp = b"RIFF\x1a\0\0\0WEBPVP8L\r\0\0\0/\0\0\0\x10\x07\x10\x11\x11\x88\x88\xfe\x07\0";
    let voice = include_bytes!("../../../../../simulator/assets/voice.ogg");
    vec![
        of("png", "image/png", PHOTO),
        of("jpg", "image/jpeg", &jpeg),
        of("gif", "image/gif", gif),
        of("webp", "image/webp", webp),
        of("mp4", "video/mp4", &branded(b"isom")),
        of("3gp", "video/3gpp", &branded(b"3gp4")),
        of("m4a", "audio/mp4", &branded(b"M4A ")),
        of("aac", "audio/aac", b"\xff\xf1\x50\x80\x02\x1f\xfc\xde\x04\0\0"),
        of("amr", "audio/amr", b"#!AMR\n\x3c\x91\x17\x16\xbe\x66\x79"),
        of("mp3", "audio/mpeg", b"ID3\x04\0\0\0\0\0\0\xff\xfb\x90\x64\0\0"),
        of("ogg", "audio/ogg", voice),
        of("pdf", "application/pdf", &pdf("honesto")),
        of("txt", "text/plain", "Segue a lista de hóspedes.\r\n".as_bytes()),
        of("csv", "text/csv", "Nome;Quarto\r\nHelena;12\r\n".as_bytes()),
        of("rtf", "application/rtf", b"{\\rtf1\\ansi Ol\\'e1}"),
        of("doc", "application/msword", &compound("WordDocument")),
        of("xls", "application/vnd.ms-excel", &compound("Workbook")),
        of("ppt", "application/vnd.ms-powerpoint", &compound("PowerPoint Document")),
        of(
            "docx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            &office("word/document.xml"),
        ),
        of(
            "xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            &office("xl/workbook.xml"),
        ),
        of(
            "pptx",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            &office("ppt/presentation.xml"),
        ),
    ]
}
