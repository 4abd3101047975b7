//! What a file is, by its content.
//!
//! A name and a header are only claims. The first bytes say what a file is; the rest of the looks keep out what is two things
//! at once: a picture with an archive behind it, a page that calls itself a text.

use super::FileType;

/// How much of a file's beginning is looked at.
pub(super) const HEAD: usize = 4096;
/// How much of its end: an archive's directory ends within it (a comment has up to 65,535 bytes).
pub(super) const TAIL: usize = 66 * 1024;

/// What the first bytes say.
pub(super) fn by_content(head: &[u8]) -> Option<FileType> {
    let at = |offset: usize, magic: &[u8]| head.get(offset..).is_some_and(|rest| rest.starts_with(magic));
    Some(match head {
        _ if at(0, b"\xff\xd8\xff") => FileType::Jpeg,
        _ if at(0, b"\x89PNG\r\n\x1a\n") => FileType::Png,
        _ if at(0, b"RIFF") && at(8, b"WEBP") => FileType::Webp,
        _ if at(0, b"GIF87a") || at(0, b"GIF89a") => FileType::Gif,
        _ if at(4, b"ftyp") => by_brand(head)?,
        _ if at(0, b"#!AMR") => FileType::Amr,
        _ if at(0, b"OggS") => {
            return head.windows(8).any(|eight| eight == b"OpusHead").then_some(FileType::Ogg);
        }
        _ if at(0, b"ID3") => FileType::Mp3,
        _ if at(0, b"%PDF-") => FileType::Pdf,
        _ if at(0, b"{\\rtf") => FileType::Rtf,
        _ if at(0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") => FileType::Doc,
        _ if at(0, b"PK\x03\x04") => FileType::Docx,
        [0xff, second, ..] if second & 0xf6 == 0xf0 => FileType::Aac,
        // Layer III of MPEG 1, 2 or 2.5 (ISO 11172-3, 2.4.1.3).
        [0xff, second, ..] if second & 0xe6 == 0xe2 => FileType::Mp3,
        _ => return is_text(head).then_some(FileType::Text),
    })
}

/// The brands of an ISO base media file (ISO 14496-12, 4.3): its own first, then those that it is compatible with.
fn by_brand(head: &[u8]) -> Option<FileType> {
    let size = head.first_chunk::<4>().map(|size| u32::from_be_bytes(*size)).unwrap_or_default();
    let size = usize::try_from(size).unwrap_or(usize::MAX).clamp(16, 256);
    let major = head.get(8..12)?;
    let mut compatible = head.get(16..size.min(head.len())).unwrap_or_default().chunks_exact(4);
    match major {
        b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" => Some(FileType::Heic),
        b"mif1" | b"msf1" => {
            compatible.any(|brand| matches!(brand, b"heic" | b"heix" | b"hevc")).then_some(FileType::Heic)
        }
        b"M4A " | b"M4B " => Some(FileType::M4a),
        [b'3', b'g', ..] => Some(FileType::ThreeGp),
        b"isom" | b"iso2" | b"iso4" | b"iso5" | b"iso6" | b"mp41" | b"mp42" | b"avc1" | b"M4V " | b"M4VP"
        | b"MSNV" | b"dash" => Some(FileType::Mp4),
        _ => None,
    }
}

/// Words in UTF-8, or in the older ways of Windows: no byte that is no sign. A character that the cut ends is forgiven.
pub(super) fn is_text(head: &[u8]) -> bool {
    let is_control = |byte: &u8| matches!(byte, 0..=8 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f);
    !head.is_empty() && !head.iter().any(is_control)
}

/// Words that make a browser or a shell run what they stand in.
const ACTIVE: &[&str] =
    &["<script", "<html", "<!doctype", "<svg", "<?php", "<?xml", "<iframe", "<body", "<object", "<embed"];

/// Whether a text begins as something that is run or drawn instead of read.
pub(super) fn is_active_text(head: &[u8]) -> bool {
    let begin: String = String::from_utf8_lossy(head.get(..1024).unwrap_or(head)).to_ascii_lowercase();
    let begin = begin.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    begin.starts_with("#!")
        || begin.starts_with("mz") && begin.contains("this program")
        || holds_active(begin)
}

fn holds_active(text: &str) -> bool {
    ACTIVE.iter().any(|word| text.contains(word))
}

/// Whether a file that is no text is something else, too.
pub(super) fn is_two_things(file_type: FileType, head: &[u8], tail: &[u8], size: u64) -> bool {
    let begin = head.get(..1024).unwrap_or(head);
    let words = String::from_utf8_lossy(begin).to_ascii_lowercase();
    // A picture's own description (XMP) is XML; the other words have no business in a file's first kilobyte.
    let words = words.replace("<?xml", "");
    if file_type != FileType::Pdf && (holds_active(&words) || find(begin, b"%PDF-").is_some()) {
        return true;
    }
    if !file_type.is_office_archive() && is_archive(tail, size) {
        return true;
    }
    let trailer = trailing(file_type, tail);
    [
        &b"PK\x03\x04"[..],
        b"%PDF-",
        b"Rar!\x1a\x07",
        b"7z\xbc\xaf\x27\x1c",
        b"\x7fELF",
        b"<script",
        b"<?php",
        b"<html",
    ]
    .iter()
    .any(|magic| find(trailer, magic).is_some())
}

/// What stands behind the end of a picture, as far as its end is known.
fn trailing(file_type: FileType, tail: &[u8]) -> &[u8] {
    let end = match file_type {
        FileType::Jpeg => find_last(tail, b"\xff\xd9").map(|at| at + 2),
        FileType::Png => find(tail, b"IEND\xae\x42\x60\x82").map(|at| at + 8),
        FileType::Pdf => find_last(tail, b"%%EOF").map(|at| at + 5),
        _ => None,
    };
    end.and_then(|end| tail.get(end..)).unwrap_or_default()
}

/// Whether the file ends as a ZIP archive does, at its very end (APPNOTE 4.3.16).
fn is_archive(tail: &[u8], size: u64) -> bool {
    end_of_archive(tail, size).is_some()
}

/// Where the directory of a ZIP archive lies, and how many entries it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Directory {
    pub(super) offset: u64,
    pub(super) length: u64,
    pub(super) entries: u16,
}

/// The end record of a ZIP archive whose comment reaches exactly to the end of the file.
pub(super) fn end_of_archive(tail: &[u8], size: u64) -> Option<Directory> {
    let mut from = tail.len();
    loop {
        let at = find_last(tail.get(..from)?, b"PK\x05\x06")?;
        let record = tail.get(at..)?;
        let short = |offset: usize| Some(u16::from_le_bytes(*record.get(offset..)?.first_chunk()?));
        let long = |offset: usize| Some(u32::from_le_bytes(*record.get(offset..)?.first_chunk()?));
        if let (Some(entries), Some(length), Some(offset), Some(comment)) =
            (short(10), long(12), long(16), short(20))
            && usize::from(comment) + 22 == record.len()
            && u64::from(offset) + u64::from(length) <= size
        {
            return Some(Directory { offset: offset.into(), length: length.into(), entries });
        }
        from = at;
    }
}

pub(super) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(haystack, needle)
}

fn find_last(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::rfind(haystack, needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_say_what_a_file_is() {
        let of = |bytes: &[u8]| by_content(bytes);
        assert_eq!(of(b"\xff\xd8\xff\xe0\x00\x10JFIF"), Some(FileType::Jpeg));
        assert_eq!(of(b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic"), Some(FileType::Heic));
        assert_eq!(of(b"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00mif1avif"), None);
        assert_eq!(of(b"\x00\x00\x00\x18ftypqt  \x00\x00\x00\x00qt  "), None);
        assert_eq!(of(b"\xff\xf1\x50\x80"), Some(FileType::Aac));
        assert_eq!(of(b"\xff\xfb\x90\x00"), Some(FileType::Mp3));
        assert_eq!(of(b"OggS and not Opus"), None);
        assert_eq!(of("olá, mundo\n".as_bytes()), Some(FileType::Text));
        assert_eq!(of(b"MZ\x90\x00\x03"), None);
        assert_eq!(of(b"\x7fELF\x02\x01"), None);
        assert_eq!(of(b""), None);
    }

    #[test]
    fn an_archive_is_found_behind_a_picture() {
        let mut end = b"PK\x05\x06".to_vec();
        end.extend_from_slice(&[0; 18]);
        let picture = [b"\xff\xd8\xff\xe0 pixels \xff\xd9".as_slice(), &end].concat();
        let size = picture.len() as u64;
        assert!(is_two_things(FileType::Jpeg, &picture, &picture, size));
        let honest = b"\xff\xd8\xff\xe0 pixels \xff\xd9".as_slice();
        assert!(!is_two_things(FileType::Jpeg, honest, honest, honest.len() as u64));
        let page = b"GIF89a/*<script>alert(1)</script>*/=1;".as_slice();
        assert!(is_two_things(FileType::Gif, page, page, page.len() as u64));
    }

    #[test]
    fn a_page_is_no_text() {
        assert!(is_active_text(b"\xef\xbb\xbf  <!DOCTYPE html><p>oi"));
        assert!(is_active_text(b"#!/bin/sh\nrm -rf ."));
        assert!(!is_active_text("Nome;Telefone\nAna;11 98765-4321".as_bytes()));
    }
}
