//! Voice notes that somebody here recorded: put into the container that WhatsApp takes.

use super::{
    FileType, Refusal,
    prepare::{Came, refused},
    upload::Upload,
};
use crate::{
    app::App,
    error::{Error, Result},
    tenants::TenantScope,
};
use voice::Fault;

/// What WebM begins with (RFC 8794, section 11.2.1).
const WEBM: &[u8] = b"\x1a\x45\xdf\xa3";
/// How browsers call what they record in WebM. Some have one name for it with and without a picture.
const WEBM_NAMES: &[&str] = &["audio/webm", "video/webm"];
const WEBM_EXTENSIONS: &[&str] = &["webm", "weba"];

/// Each reason with its stable name.
const FAULTS: [(&str, Fault); 6] = [
    ("voice_mp4", Fault::Mp4),
    ("voice_container", Fault::Container),
    ("voice_codec", Fault::Codec),
    ("voice_stereo", Fault::Stereo),
    ("voice_empty", Fault::Empty),
    ("voice_broken", Fault::Broken("")),
];

/// The reason with this stable name.
pub fn fault_of(code: &str) -> Option<Fault> {
    FAULTS.iter().find(|(known, _)| *known == code).map(|(_, fault)| *fault)
}

fn no_note(fault: Fault) -> Error {
    let (code, message) = match fault {
        Fault::Mp4 => {
            ("voice_mp4", "The browser recorded MP4, which WhatsApp takes as sound and not as a voice note.")
        }
        Fault::Container => ("voice_container", "This is no recording in WebM or Ogg."),
        Fault::Codec => ("voice_codec", "A voice note is one track of Opus; this is something else."),
        Fault::Stereo => ("voice_stereo", "A voice note has one channel; this recording has two."),
        Fault::Empty => ("voice_empty", "There is no sound in the recording."),
        Fault::Broken(_) => ("voice_broken", "The recording is damaged."),
    };
    metrics::counter!("zelo_media_total", "direction" => "outbound", "outcome" => code).increment(1);
    Error::invalid("file", code, message)
}

/// A recording as Ogg with Opus and one channel, under a key of its own.
pub(super) async fn rewrapped(app: &App, scope: TenantScope, came: &Came, upload: &Upload) -> Result<Came> {
    if came.spooled.size == 0 {
        return Err(no_note(Fault::Empty));
    }
    if came.spooled.size > super::largest(super::Kind::Audio) {
        return Err(refused(Refusal::TooLarge));
    }
    if !agrees(&came.spooled.head, upload) {
        return Err(refused(Refusal::TypeMismatch));
    }
    let mut reader = came.reader(scope).await?;
    // In turn with pictures: both are whole in memory.
    let turn = app.pictures.acquire().await.map_err(Error::internal)?;
    let whole = reader.all(0..reader.size()).await?;
    let note = tokio::task::spawn_blocking(move || voice::rewrap(&whole))
        .await
        .map_err(Error::internal)?
        .map_err(no_note)?;
    drop(turn);
    came.replaced(app, scope, &note.ogg).await
}

/// Whether content, type and name say the same. What is no recording is told apart later, by its content.
fn agrees(head: &[u8], upload: &Upload) -> bool {
    if head.starts_with(b"OggS") {
        return FileType::Ogg.may_be_called(upload.declared.as_deref())
            && FileType::Ogg.may_be_named(upload.filename.as_deref());
    }
    if !head.starts_with(WEBM) {
        return true;
    }
    let declared =
        upload.declared.as_deref().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let extension = upload.filename.as_deref().and_then(|name| name.rsplit_once('.')).map(|(_, it)| it);
    let is_any = declared.is_empty() || declared.eq_ignore_ascii_case("application/octet-stream");
    (is_any || WEBM_NAMES.iter().any(|name| declared.eq_ignore_ascii_case(name)))
        && extension.is_none_or(|it| WEBM_EXTENSIONS.iter().any(|known| it.eq_ignore_ascii_case(known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_a_name_that_is_read_back() {
        for (code, fault) in FAULTS {
            let Error::Invalid(fields) = no_note(fault) else { panic!("{code}") };
            assert_eq!(fields.first().map(|field| field.code), Some(code));
            assert_eq!(fault_of(code), Some(fault));
        }
        assert_eq!(fault_of("too_large"), None);
    }

    #[test]
    fn a_recording_is_called_what_it_is() {
        let called = |declared: &str, filename: Option<&str>| Upload {
            declared: Some(declared.to_owned()),
            filename: filename.map(str::to_owned),
            ..Upload::default()
        };
        assert!(agrees(WEBM, &called("audio/webm;codecs=opus", Some("voz.webm"))));
        assert!(agrees(WEBM, &called("", None)) && agrees(WEBM, &Upload::default()));
        assert!(agrees(b"OggS", &called("audio/ogg; codecs=opus", Some("voz.ogg"))));
        assert!(!agrees(WEBM, &called("audio/ogg", None)) && !agrees(b"OggS", &called("audio/webm", None)));
        assert!(!agrees(WEBM, &called("audio/webm", Some("voz.exe"))));
    }
}
