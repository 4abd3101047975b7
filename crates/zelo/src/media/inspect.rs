//! What a file that came whole is, and whether it is taken.

use super::{
    FileType, Kind, Refusal,
    model::Voice,
    objects::Reader,
    scan::{self, Verdict},
    sniff::{self, Directory},
    spool::Spooled,
};
use crate::{app::App, clock::Millis, error::Result};
use pictures::{Format, Thumbnail};

/// What a sender says of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claims<'c> {
    pub(super) kind: Kind,
    /// The type in the header.
    pub(super) declared: Option<&'c str>,
    pub(super) filename: Option<&'c str>,
}

impl Claims<'_> {
    /// Whether the name ends with this word, or there is no extension and the header holds it.
    fn say(&self, word: &str) -> bool {
        match self.filename.and_then(|name| name.rsplit_once('.')) {
            Some((_, extension)) => extension.eq_ignore_ascii_case(word),
            None => self.declared.is_some_and(|declared| declared.to_ascii_lowercase().contains(word)),
        }
    }
}

/// What a file is.
#[derive(Debug)]
pub(super) struct Inspected {
    pub(super) file_type: FileType,
    pub(super) pixels: Option<(u32, u32)>,
    pub(super) duration_ms: Option<Millis>,
    pub(super) thumbnail: Option<Vec<u8>>,
    pub(super) voice: Option<Voice>,
}

/// Pictures up to this size are opened to make a small one, in bytes; larger ones are kept as they are.
pub(super) const LARGEST_PICTURE: u64 = 25 * 1024 * 1024;
/// Recordings up to this size are gone through as a whole, in bytes: as large as WhatsApp takes sound.
const LARGEST_RECORDING: u64 = 16 * 1024 * 1024;
/// The longest side of a small picture, in pixels: twice of what a thread shows, for sharp screens.
const SMALL: u32 = 640;
/// The longest directory of an archive that is read, in bytes: a hundred for each of forty thousand entries.
const LONGEST_DIRECTORY: u64 = 4 * 1024 * 1024;
/// What an archive may hold unpacked, in bytes, and how many times its own size. Documents of text reach about fifty.
const MOST_UNPACKED: u64 = 1024 * 1024 * 1024;
const MOST_RATIO: u64 = 200;
/// Below this size of its content an archive harms nobody, whatever its ratio.
const HARMLESS: u64 = 16 * 1024 * 1024;

/// Look at a file. What is refused is told apart from what could not be looked at.
pub(super) async fn inspect(
    app: &App,
    file: &Spooled,
    reader: &mut Reader,
    claims: Claims<'_>,
) -> Result<std::result::Result<Inspected, Refusal>> {
    let file_type = match judge(file, reader, claims).await? {
        Ok(file_type) => file_type,
        Err(refusal) => return Ok(Err(refusal)),
    };
    // Before anything here opens it.
    if scan::scan(app, reader).await? == Verdict::Infected {
        return Ok(Err(Refusal::Infected));
    }
    let heard = if file_type == FileType::Ogg { heard(app, reader).await? } else { None };
    let said = || (file_type == FileType::Ogg).then(|| opus_length(&file.head, &file.tail)).flatten();
    let mut inspected = Inspected {
        file_type,
        pixels: None,
        duration_ms: heard.as_ref().and_then(|it| Millis::try_from(it.length_ms).ok()).or_else(said),
        thumbnail: None,
        voice: heard.as_ref().map(Voice::from),
    };
    if let Some(format) = picture_format(file_type).filter(|_| file.size <= LARGEST_PICTURE) {
        match small_picture(app, reader, format).await? {
            Ok(small) => {
                inspected.pixels = Some((small.of_width, small.of_height));
                inspected.thumbnail = Some(small.jpeg);
            }
            Err(pictures::Fault::TooManyPixels) => return Ok(Err(Refusal::TooManyPixels)),
            Err(pictures::Fault::Broken(_)) => return Ok(Err(Refusal::Broken)),
        }
    }
    Ok(Ok(inspected))
}

/// How the crate of pictures calls a type that it opens.
pub(super) fn picture_format(file_type: FileType) -> Option<Format> {
    Some(match file_type {
        FileType::Jpeg => Format::Jpeg,
        FileType::Png => Format::Png,
        FileType::Webp => Format::Webp,
        FileType::Gif => Format::Gif,
        FileType::Heic => Format::Heic,
        _ => return None,
    })
}

/// One picture at a time: each may need as many bytes as four times its pixels.
async fn small_picture(
    app: &App,
    reader: &mut Reader,
    format: Format,
) -> Result<std::result::Result<Thumbnail, pictures::Fault>> {
    let most = u64::from(app.config.media.largest_megapixels) * 1_000_000;
    let _turn = app.pictures.acquire().await.map_err(crate::Error::internal)?;
    let whole = reader.all(0..reader.size()).await?;
    tokio::task::spawn_blocking(move || pictures::thumbnail(&whole, format, SMALL, most))
        .await
        .map_err(crate::Error::internal)
}

/// What is heard in a recording; nothing for one that is too large for it, or that is not quite as the standard wants it.
async fn heard(app: &App, reader: &mut Reader) -> Result<Option<voice::Heard>> {
    if reader.size() > LARGEST_RECORDING {
        return Ok(None);
    }
    let _turn = app.pictures.acquire().await.map_err(crate::Error::internal)?;
    let whole = reader.all(0..reader.size()).await?;
    let heard = tokio::task::spawn_blocking(move || voice::listen(&whole));
    Ok(heard.await.map_err(crate::Error::internal)?.ok())
}

/// Which type it is, once content, header, name and kind agree.
async fn judge(
    file: &Spooled,
    reader: &mut Reader,
    claims: Claims<'_>,
) -> Result<std::result::Result<FileType, Refusal>> {
    if file.size == 0 {
        return Ok(Err(Refusal::Empty));
    }
    let Some(found) = sniff::by_content(&file.head) else { return Ok(Err(Refusal::TypeNotAllowed)) };
    let found = match found {
        FileType::Docx => match office_archive(file, reader).await? {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal)),
        },
        FileType::Doc => old_office(file, reader, claims).await?,
        // Words are what their names say: nothing in them tells a table from a text.
        FileType::Text if claims.say("csv") => FileType::Csv,
        // Some recorders give sound the brand of films.
        FileType::Mp4 if claims.kind == Kind::Audio || claims.say("m4a") || claims.say("audio/") => {
            FileType::M4a
        }
        found => found,
    };
    Ok(agree(found, file, claims))
}

fn agree(found: FileType, file: &Spooled, claims: Claims<'_>) -> std::result::Result<FileType, Refusal> {
    if !found.may_be_called(claims.declared)
        || !found.may_be_named(claims.filename)
        || !found.fits(claims.kind)
    {
        return Err(Refusal::TypeMismatch);
    }
    let is_bad_text = || sniff::is_active_text(&file.head) || !sniff::is_text(&file.tail);
    let is_suspicious = if found.is_text() {
        is_bad_text()
    } else {
        sniff::is_two_things(found, &file.head, &file.tail, file.size)
    };
    if is_suspicious { Err(Refusal::Suspicious) } else { Ok(found) }
}

/// A document of the newer Office: an archive with parts of known names, that does not unpack to more than it should.
async fn office_archive(
    file: &Spooled,
    reader: &mut Reader,
) -> Result<std::result::Result<FileType, Refusal>> {
    let Some(Directory { offset, length, entries }) = sniff::end_of_archive(&file.tail, file.size) else {
        return Ok(Err(Refusal::Broken));
    };
    if length > LONGEST_DIRECTORY {
        return Ok(Err(Refusal::Suspicious));
    }
    let directory = reader.all(offset..offset + length).await?;
    Ok(read_directory(&directory, entries, file.size))
}

/// The central directory of an archive (APPNOTE 4.3.12).
fn read_directory(directory: &[u8], entries: u16, size: u64) -> std::result::Result<FileType, Refusal> {
    let (mut rest, mut unpacked, mut found, mut has_types) = (directory, 0_u64, None, false);
    for _ in 0..entries {
        let (name, next, length) = entry(rest).ok_or(Refusal::Broken)?;
        unpacked += length;
        has_types |= name == b"[Content_Types].xml";
        found = found.or(match name {
            _ if name.starts_with(b"word/") => Some(FileType::Docx),
            _ if name.starts_with(b"xl/") => Some(FileType::Xlsx),
            _ if name.starts_with(b"ppt/") => Some(FileType::Pptx),
            _ => None,
        });
        let is_program = name.ends_with(b"vbaProject.bin") || name.ends_with(b".exe");
        if is_program || name.starts_with(b"/") || sniff::find(name, b"..").is_some() {
            return Err(Refusal::Suspicious);
        }
        rest = next;
    }
    if unpacked > MOST_UNPACKED || (unpacked > HARMLESS && unpacked / size.max(1) > MOST_RATIO) {
        return Err(Refusal::Suspicious);
    }
    found.filter(|_| has_types).ok_or(Refusal::TypeNotAllowed)
}

/// Name, what follows, and the unpacked length of one entry.
fn entry(directory: &[u8]) -> Option<(&[u8], &[u8], u64)> {
    let rest = directory.strip_prefix(b"PK\x01\x02")?;
    let short = |offset: usize| Some(usize::from(u16::from_le_bytes(*rest.get(offset..)?.first_chunk()?)));
    let unpacked = u32::from_le_bytes(*rest.get(20..)?.first_chunk()?);
    let (name, extra, comment) = (short(24)?, short(26)?, short(28)?);
    let end = 42 + name + extra + comment;
    Some((rest.get(42..42 + name)?, rest.get(end..)?, unpacked.into()))
}

/// Which of the older Office documents it is: the names of their streams say so ([MS-CFB] 2.6.1). Where none is found in
/// the directory's first sectors, the claim holds.
async fn old_office(file: &Spooled, reader: &mut Reader, claims: Claims<'_>) -> Result<FileType> {
    let sector = |offset: usize| Some(u32::from_le_bytes(*file.head.get(offset..)?.first_chunk()?));
    let shift =
        file.head.get(30..).and_then(|rest| rest.first_chunk()).map_or(9, |two| u16::from_le_bytes(*two));
    let from = (u64::from(sector(48).unwrap_or_default()) + 1) << shift.clamp(9, 12);
    let directory = reader.all(from..from + 8 * 4096).await?;
    let names = |word: &str| {
        let wide: Vec<u8> = word.encode_utf16().flat_map(u16::to_le_bytes).collect();
        sniff::find(&directory, &wide).is_some()
    };
    Ok(if names("WordDocument") {
        FileType::Doc
    } else if names("Workbook") || names("Book") {
        FileType::Xls
    } else if names("PowerPoint Document") {
        FileType::Ppt
    } else {
        let claimed = [FileType::Doc, FileType::Xls, FileType::Ppt];
        let is_claimed =
            |it: &FileType| it.may_be_called(claims.declared) && it.may_be_named(claims.filename);
        claimed.into_iter().find(is_claimed).unwrap_or(FileType::Doc)
    })
}

/// How long an Opus recording is: the last page says how many samples at 48 kHz came until its end, of which the first few
/// are not played (RFC 7845, 4 and 5.1).
fn opus_length(head: &[u8], tail: &[u8]) -> Option<Millis> {
    let at = sniff::find(head, b"OpusHead")?;
    let skipped = i64::from(u16::from_le_bytes(*head.get(at + 10..)?.first_chunk()?));
    let page = memchr::memmem::rfind(tail, b"OggS")?;
    let samples = i64::from_le_bytes(*tail.get(page + 6..)?.first_chunk()?);
    (samples >= skipped).then(|| (samples - skipped) / 48)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An entry of a directory with this name and unpacked length.
    fn line(name: &str, unpacked: u32) -> Vec<u8> {
        let mut line = b"PK\x01\x02".to_vec();
        line.extend_from_slice(&[0; 20]);
        line.extend_from_slice(&unpacked.to_le_bytes());
        line.extend_from_slice(&u16::try_from(name.len()).unwrap().to_le_bytes());
        line.extend_from_slice(&[0; 16]);
        line.extend_from_slice(name.as_bytes());
        line
    }

    fn judged(entries: &[(&str, u32)], size: u64) -> std::result::Result<FileType, Refusal> {
        let directory: Vec<u8> = entries.iter().flat_map(|(name, unpacked)| line(name, *unpacked)).collect();
        read_directory(&directory, u16::try_from(entries.len()).unwrap(), size)
    }

    #[test]
    fn the_parts_of_an_archive_say_which_document_it_is() {
        let types = ("[Content_Types].xml", 900);
        assert_eq!(judged(&[types, ("word/document.xml", 9_000)], 4_000), Ok(FileType::Docx));
        assert_eq!(judged(&[types, ("xl/workbook.xml", 9_000)], 4_000), Ok(FileType::Xlsx));
        assert_eq!(judged(&[types, ("ppt/presentation.xml", 9_000)], 4_000), Ok(FileType::Pptx));
        assert_eq!(judged(&[("word/document.xml", 9_000)], 4_000), Err(Refusal::TypeNotAllowed));
        assert_eq!(judged(&[types, ("fotos/1.jpg", 9_000)], 4_000), Err(Refusal::TypeNotAllowed));
    }

    #[test]
    fn bombs_programs_and_ways_out_are_refused() {
        let types = ("[Content_Types].xml", 900);
        let bomb = judged(&[types, ("word/document.xml", u32::MAX)], 40_000);
        assert_eq!(bomb, Err(Refusal::Suspicious));
        for name in ["word/vbaProject.bin", "../../etc/passwd", "/etc/passwd", "word/setup.exe"] {
            assert_eq!(judged(&[types, (name, 10)], 4_000), Err(Refusal::Suspicious), "{name}");
        }
        assert_eq!(read_directory(b"PK\x01\x02 cut off", 1, 4_000), Err(Refusal::Broken));
    }

    #[test]
    fn a_recording_says_how_long_it_is() {
        let mut head = b"OggS pages OpusHead".to_vec();
        head.extend_from_slice(&[1, 1]);
        head.extend_from_slice(&312_u16.to_le_bytes());
        let mut tail = b"OggS\x00\x04".to_vec();
        tail.extend_from_slice(&(312_i64 + 48_000 * 7).to_le_bytes());
        assert_eq!(opus_length(&head, &tail), Some(7_000));
        assert_eq!(opus_length(&head, b"no page"), None);
    }
}
