//! The types of files that are taken, and by which names each is known.

/// What a message carries a file as (Meta, business-phone-numbers/media).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Shown in the chat.
    Image,
    /// Shown in the chat.
    Video,
    /// Played in the chat.
    Audio,
    /// Shown by its name.
    Document,
    /// A small picture without a frame.
    Sticker,
}

impl Kind {
    /// Meta's word, which is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Document => "document",
            Self::Sticker => "sticker",
        }
    }

    /// Read the word that is stored.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Image, Self::Video, Self::Audio, Self::Document, Self::Sticker]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// One type of file that is taken; everything else is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileType {
    Jpeg,
    Png,
    Webp,
    Gif,
    Heic,
    Mp4,
    ThreeGp,
    Aac,
    Amr,
    Mp3,
    M4a,
    Ogg,
    Pdf,
    Text,
    Csv,
    Rtf,
    Doc,
    Xls,
    Ppt,
    Docx,
    Xlsx,
    Pptx,
}

/// What is known of a type: its names in headers, the usual one first, and its extensions, the usual one first.
struct Known {
    file_type: FileType,
    mime_types: &'static [&'static str],
    extensions: &'static [&'static str],
}

const OF_OFFICE: &str = "application/vnd.openxmlformats-officedocument.";

/// Names as browsers and phones write them. `application/vnd.ms-excel` is what Windows says of CSV files.
const KNOWN: &[Known] = &[
    known(FileType::Jpeg, &["image/jpeg", "image/jpg", "image/pjpeg"], &["jpg", "jpeg", "jpe", "jfif"]),
    known(FileType::Png, &["image/png", "image/x-png"], &["png"]),
    known(FileType::Webp, &["image/webp"], &["webp"]),
    known(FileType::Gif, &["image/gif"], &["gif"]),
    known(FileType::Heic, &["image/heic", "image/heif"], &["heic", "heif", "hif"]),
    known(FileType::Mp4, &["video/mp4", "video/x-m4v"], &["mp4", "m4v"]),
    known(
        FileType::ThreeGp,
        &["video/3gpp", "video/3gp", "audio/3gpp", "video/3gpp2"],
        &["3gp", "3gpp", "3g2"],
    ),
    known(
        FileType::Aac,
        &["audio/aac", "audio/x-aac", "audio/aacp", "audio/vnd.dlna.adts"],
        &["aac", "adts"],
    ),
    known(FileType::Amr, &["audio/amr", "audio/amr-wb"], &["amr"]),
    known(FileType::Mp3, &["audio/mpeg", "audio/mp3", "audio/x-mp3"], &["mp3", "mpga"]),
    known(FileType::M4a, &["audio/mp4", "audio/m4a", "audio/x-m4a"], &["m4a", "mp4", "m4b"]),
    known(FileType::Ogg, &["audio/ogg", "audio/opus", "application/ogg"], &["ogg", "oga", "opus"]),
    known(FileType::Pdf, &["application/pdf", "application/x-pdf"], &["pdf"]),
    known(FileType::Text, &["text/plain"], &["txt", "text", "log"]),
    known(
        FileType::Csv,
        &["text/csv", "application/csv", "application/vnd.ms-excel", "text/plain"],
        &["csv"],
    ),
    known(FileType::Rtf, &["application/rtf", "text/rtf"], &["rtf"]),
    known(FileType::Doc, &["application/msword"], &["doc", "dot"]),
    known(FileType::Xls, &["application/vnd.ms-excel", "application/x-msexcel"], &["xls", "xlt"]),
    known(FileType::Ppt, &["application/vnd.ms-powerpoint"], &["ppt", "pps"]),
    known(
        FileType::Docx,
        &["application/vnd.openxmlformats-officedocument.wordprocessingml.document"],
        &["docx"],
    ),
    known(FileType::Xlsx, &["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"], &["xlsx"]),
    known(
        FileType::Pptx,
        &[
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            "application/vnd.openxmlformats-officedocument.presentationml.slideshow",
        ],
        &["pptx", "ppsx"],
    ),
];

const fn known(
    file_type: FileType,
    mime_types: &'static [&'static str],
    extensions: &'static [&'static str],
) -> Known {
    Known { file_type, mime_types, extensions }
}

impl FileType {
    fn known(self) -> Option<&'static Known> {
        KNOWN.iter().find(|known| known.file_type == self)
    }

    /// Its usual name in headers.
    pub fn mime_type(self) -> &'static str {
        self.known().and_then(|known| known.mime_types.first()).copied().unwrap_or("application/octet-stream")
    }

    /// Its usual extension, without the dot.
    pub fn extension(self) -> &'static str {
        self.known().and_then(|known| known.extensions.first()).copied().unwrap_or("bin")
    }

    /// The type that is stored under this name.
    pub fn from_mime(mime_type: &str) -> Option<Self> {
        KNOWN.iter().find(|known| known.mime_types.first() == Some(&mime_type)).map(|known| known.file_type)
    }

    /// Whether a header may call it so. No header, and the one for "some bytes", say nothing.
    pub fn may_be_called(self, declared: Option<&str>) -> bool {
        let Some(declared) = declared.map(plain) else { return true };
        if declared.is_empty() || declared == "application/octet-stream" || declared == "binary/octet-stream"
        {
            return true;
        }
        self.known().is_some_and(|known| known.mime_types.contains(&declared.as_str()))
    }

    /// Whether a file of this name may hold it. A name without extension says nothing.
    pub fn may_be_named(self, filename: Option<&str>) -> bool {
        let Some(extension) = filename.and_then(extension_of) else { return true };
        self.known().is_some_and(|known| known.extensions.contains(&extension.as_str()))
    }

    /// What a message may carry it as.
    pub fn fits(self, kind: Kind) -> bool {
        match kind {
            Kind::Image => matches!(self, Self::Jpeg | Self::Png | Self::Webp | Self::Gif | Self::Heic),
            Kind::Video => matches!(self, Self::Mp4 | Self::ThreeGp),
            Kind::Audio => self.is_audio() || matches!(self, Self::ThreeGp | Self::Mp4),
            Kind::Sticker => self == Self::Webp,
            // People send photos and recordings as documents, so that nothing makes them smaller.
            Kind::Document => true,
        }
    }

    /// Whether browsers play it as sound.
    pub fn is_audio(self) -> bool {
        matches!(self, Self::Aac | Self::Amr | Self::Mp3 | Self::M4a | Self::Ogg)
    }

    /// Whether it is a picture that browsers show without running anything.
    pub fn is_picture(self) -> bool {
        matches!(self, Self::Jpeg | Self::Png | Self::Webp | Self::Gif)
    }

    /// Whether browsers play it as a film.
    pub fn is_video(self) -> bool {
        matches!(self, Self::Mp4 | Self::ThreeGp)
    }

    /// Whether it is words alone.
    pub(super) fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::Csv | Self::Rtf)
    }

    /// Whether it is a ZIP archive of Microsoft's making.
    pub(super) fn is_office_archive(self) -> bool {
        self.mime_type().starts_with(OF_OFFICE)
    }
}

/// A header's type without its parameters, in lower case.
fn plain(declared: &str) -> String {
    declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// What follows the last dot of a name, in lower case.
fn extension_of(filename: &str) -> Option<String> {
    let (stem, extension) = filename.trim().rsplit_once('.')?;
    (!stem.is_empty() && !extension.is_empty()).then(|| extension.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_a_name_and_an_extension_and_is_read_back() {
        for known in KNOWN {
            let file_type = known.file_type;
            assert_eq!(FileType::from_mime(file_type.mime_type()), Some(file_type), "{file_type:?}");
            assert_ne!(file_type.extension(), "bin");
            assert!(file_type.fits(Kind::Document));
        }
    }

    #[test]
    fn names_must_agree_with_the_content() {
        assert!(FileType::Jpeg.may_be_called(Some("IMAGE/JPG; charset=binary")));
        assert!(FileType::Ogg.may_be_called(Some("audio/ogg; codecs=opus")));
        assert!(FileType::Heic.may_be_called(None) && FileType::Heic.may_be_called(Some("")));
        assert!(!FileType::Pdf.may_be_called(Some("image/jpeg")));
        assert!(FileType::Pdf.may_be_named(Some("nota.fiscal.PDF")));
        assert!(FileType::Pdf.may_be_named(Some("contrato")) && FileType::Pdf.may_be_named(None));
        assert!(!FileType::Pdf.may_be_named(Some("nota.pdf.exe")));
        assert!(!FileType::Jpeg.may_be_named(Some("foto.svg")));
    }
}
