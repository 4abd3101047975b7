//! Files of messages.

use crate::{
    app::App,
    audit,
    error::{Error, Result},
    http::{Path, Query},
    identity::{AgentScope, May},
    ids::{ConversationId, MediaId},
    media::{self, Attached, FileType, Kind, MediaState, Opened, Piece, Refusal, Upload},
    rights::to,
};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use std::ops::Range;
use utoipa::{IntoParams, ToSchema};

/// A file that a message refers to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MediaShape {
    /// Its id; null for files of messages that came before files were kept.
    pub id: Option<MediaId>,
    /// What it is sent as: `image`, `video`, `audio`, `document` or `sticker`.
    pub r#type: Option<String>,
    /// Whether it is here. Null where nobody knows it.
    pub state: Option<MediaState>,
    /// Why it was refused.
    pub reason: Option<Refusal>,
    /// Where it can be read, once it is here.
    pub url: Option<String>,
    /// Where its small picture can be read, a JPEG.
    pub thumbnail_url: Option<String>,
    /// What its content is; before it is here, what its sender says that it is.
    pub mime_type: Option<String>,
    /// Bytes.
    pub size: Option<u64>,
    /// Pixels.
    pub width: Option<u32>,
    /// Pixels.
    pub height: Option<u32>,
    /// How long a recording is, in milliseconds.
    pub duration_ms: Option<i64>,
    /// How long a recording is, in whole seconds, as phones show it.
    pub duration: Option<i64>,
    /// How much goes on in each of 64 equal parts of a recording with Opus, from 0 to 100. An estimate, out of the bytes that
    /// its encoder needed for each part; all the same where it needed the same for all.
    pub waveform: Option<Vec<u8>>,
    /// Its name.
    pub filename: Option<String>,
    /// The words under it.
    pub caption: Option<String>,
}

impl MediaShape {
    /// A file, with what its message says of it.
    pub(super) fn of(
        attached: Option<&Attached>,
        declared: Option<&str>,
        filename: Option<&str>,
        caption: Option<&str>,
    ) -> Self {
        let media = attached.map(|it| &it.media);
        let here = media.filter(|media| media.state == MediaState::Stored);
        let found = here.and_then(|media| media.file_type).map(FileType::mime_type);
        Self {
            id: media.map(|media| media.id),
            r#type: media.map(|media| media.kind.as_str().to_owned()),
            state: media.map(|media| media.state),
            reason: media.and_then(|media| media.reason),
            url: here.map(|media| address(media.id, Piece::Whole)),
            thumbnail_url: here
                .filter(|media| media.has_thumbnail)
                .map(|it| address(it.id, Piece::Thumbnail)),
            mime_type: found.or(declared).map(str::to_owned),
            size: media.and_then(|media| media.size),
            width: media.and_then(|media| media.pixels).map(|(width, _)| width),
            height: media.and_then(|media| media.pixels).map(|(_, height)| height),
            duration_ms: media.and_then(|media| media.duration_ms),
            duration: media.and_then(|media| media.duration_ms).map(seconds),
            waveform: attached.and_then(|it| it.voice.as_ref()).map(|voice| voice.waveform.clone()),
            filename: filename.map(str::to_owned).or_else(|| attached.and_then(|it| it.filename.clone())),
            caption: caption.map(str::to_owned),
        }
    }
}

/// Whole seconds, rounded; what is heard at all takes one.
pub(crate) fn seconds(duration_ms: i64) -> i64 {
    ((duration_ms + 500) / 1000).max(1)
}

/// Where a file is read.
pub(crate) fn address(id: MediaId, piece: Piece) -> String {
    match piece {
        Piece::Whole => format!("/api/v1/media/{id}"),
        Piece::Thumbnail => format!("/api/v1/media/{id}/thumbnail"),
    }
}

/// A file of a message, or a range of it. Who does not see the conversation does not see its files.
#[utoipa::path(get, path = "/media/{id}", tag = "messages",
    params(("id" = MediaId, Path), ("Range" = Option<String>, Header)),
    responses((status = 200, content_type = "*/*"), (status = 206), (status = 404), (status = 410),
        (status = 416)),
    security(("bearer" = ["conversations:read"])))]
pub(super) async fn get_media(
    State(app): State<App>,
    scope: May<to::ReadConversations>,
    Path(id): Path<MediaId>,
    headers: HeaderMap,
) -> Result<Response> {
    let opened = open(&app, &scope, id, Piece::Whole).await?;
    Ok(answer(opened, &headers))
}

/// The small picture of a file, a JPEG.
#[utoipa::path(get, path = "/media/{id}/thumbnail", tag = "messages", params(("id" = MediaId, Path)),
    responses((status = 200, content_type = "image/jpeg"), (status = 404), (status = 410)),
    security(("bearer" = ["conversations:read"])))]
pub(super) async fn get_thumbnail(
    State(app): State<App>,
    scope: May<to::ReadConversations>,
    Path(id): Path<MediaId>,
    headers: HeaderMap,
) -> Result<Response> {
    let opened = open(&app, &scope, id, Piece::Thumbnail).await?;
    Ok(answer(opened, &headers))
}

/// The word for what is to be sent as a voice note.
const VOICE: &str = "voice";

/// What is said of a file that is uploaded; its type stands in `Content-Type`.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Uploading {
    /// What it is to be sent as: `image`, `video`, `audio`, `voice`, `document` or `sticker`. Without it what its content
    /// is best shown as.
    r#type: Option<String>,
    /// Its name.
    filename: Option<String>,
}

/// Upload a file for a conversation, the bytes as the body. Pictures are written anew, as JPEG or PNG under 5 MB and without
/// a word about who took them, where and with what; HEIC is taken. With `type=voice` a recording of a browser, WebM or Ogg
/// with Opus, becomes a voice note without being encoded again. Send it with its id: `{"type": "image", "image": {"id": "…"}}`;
/// a voice note as `audio`. With `type=sticker` WebP is taken as it is: 512 by 512 pixels, 100 KB, or 500 KB where it moves.
#[utoipa::path(post, path = "/conversations/{id}/media", tag = "messages",
    params(("id" = ConversationId, Path), Uploading),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = MediaShape), (status = 403), (status = 404), (status = 413), (status = 422)),
    security(("bearer" = ["messages:send"])))]
pub(super) async fn upload_media(
    State(app): State<App>,
    scope: May<to::SendMessages>,
    Path(id): Path<ConversationId>,
    Query(said): Query<Uploading>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, axum::Json<MediaShape>)> {
    let is_voice = said.r#type.as_deref() == Some(VOICE);
    let kind = said.r#type.as_deref().map(|word| {
        let known = if word == VOICE { Some(Kind::Audio) } else { Kind::from_word(word) };
        let message = "Write image, video, audio, voice, document or sticker.";
        known.ok_or_else(|| Error::invalid("type", "invalid", message))
    });
    let declared = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).map(str::to_owned);
    let size = headers.get(header::CONTENT_LENGTH).and_then(|size| size.to_str().ok()?.parse().ok());
    let filename = checked_name(said.filename)?;
    let upload = Upload { kind: kind.transpose()?, is_voice, filename, declared, size };
    let file = media::receive(&app, scope.sight(), id, &upload, body.into_data_stream()).await?;
    Ok((StatusCode::CREATED, axum::Json(MediaShape::of(Some(&file), None, None, None))))
}

/// A name of at most 240 characters, as Meta takes it.
fn checked_name(filename: Option<String>) -> Result<Option<String>> {
    let filename = filename.filter(|name| !name.trim().is_empty());
    if filename.as_ref().is_some_and(|name| name.chars().count() > 240) {
        return Err(Error::invalid("filename", "too_long", "A name has at most 240 characters."));
    }
    Ok(filename)
}

async fn open(app: &App, scope: &AgentScope, id: MediaId, piece: Piece) -> Result<Opened> {
    let opened = media::open(app, scope.sight(), id, piece).await?;
    // A small picture is part of reading the conversation; opening the file itself is an entry of its own.
    let conversation = opened.media.conversation;
    match piece {
        Piece::Whole => audit::note_media_reading(app, scope.sight(), scope.user, id, conversation).await?,
        Piece::Thumbnail => audit::note_reading(app, scope.sight(), scope.user, conversation).await?,
    }
    Ok(opened)
}

/// A file came from a stranger: it is shown as a picture, sound or film where it is asked for as one and is one, and is
/// otherwise something to be saved. Opened as a page it may do nothing, whatever it is.
const SANDBOX: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
);

fn answer(opened: Opened, headers: &HeaderMap) -> Response {
    let size = opened.size;
    let disposition = disposition(&opened, headers);
    let fixed = [
        (header::CONTENT_TYPE, HeaderValue::from_static(opened.file_type.mime_type())),
        (header::CONTENT_SECURITY_POLICY, SANDBOX),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_DISPOSITION, disposition),
        (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    ];
    let wanted = headers.get(header::RANGE).and_then(|range| range.to_str().ok());
    match wanted.map_or(Wanted::All, |range| range_of(range, size)) {
        Wanted::All => {
            let length = [(header::CONTENT_LENGTH, HeaderValue::from(size))];
            (fixed, length, Body::from_stream(opened.stream(0..size))).into_response()
        }
        Wanted::Part(range) => {
            let shown = format!("bytes {}-{}/{size}", range.start, range.end.saturating_sub(1));
            let part = [
                (header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start)),
                (
                    header::CONTENT_RANGE,
                    HeaderValue::from_str(&shown).unwrap_or(HeaderValue::from_static("bytes")),
                ),
            ];
            (StatusCode::PARTIAL_CONTENT, fixed, part, Body::from_stream(opened.stream(range)))
                .into_response()
        }
        Wanted::Nothing => {
            let shown = format!("bytes */{size}");
            let mut response = Error::RangeNotSatisfiable.into_response();
            if let Ok(shown) = HeaderValue::from_str(&shown) {
                response.headers_mut().insert(header::CONTENT_RANGE, shown);
            }
            response
        }
    }
}

/// Which bytes are wanted.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    All,
    Part(Range<u64>),
    /// None that there are.
    Nothing,
}

/// `bytes=a-b`, `bytes=a-` or `bytes=-n`. Several ranges, and what is no range, are answered with the whole file, as HTTP
/// allows (RFC 9110, section 14.2).
fn range_of(header: &str, size: u64) -> Wanted {
    let Some((from, to)) = header.strip_prefix("bytes=").and_then(|range| range.trim().split_once('-'))
    else {
        return Wanted::All;
    };
    let (from, to) = match (from.parse::<u64>(), to.parse::<u64>()) {
        (Ok(from), Ok(last)) if from <= last => (from, last.saturating_add(1).min(size)),
        (Ok(from), Err(_)) if to.is_empty() => (from, size),
        (Err(_), Ok(last)) if from.is_empty() => (size.saturating_sub(last), size),
        _ => return Wanted::All,
    };
    if from < to { Wanted::Part(from..to) } else { Wanted::Nothing }
}

fn disposition(opened: &Opened, headers: &HeaderMap) -> HeaderValue {
    let asked = headers.get("sec-fetch-dest").and_then(|dest| dest.to_str().ok()).unwrap_or_default();
    let found = opened.file_type;
    let is_shown = match asked {
        "image" => found.is_picture(),
        "audio" => found.is_audio() || found.is_video(),
        "video" => found.is_video(),
        _ => false,
    };
    let name =
        opened.filename.clone().unwrap_or_else(|| format!("{}.{}", opened.media.id, found.extension()));
    let value = format!("{}; {}", if is_shown { "inline" } else { "attachment" }, filename_parameters(&name));
    HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static("attachment"))
}

/// A name in both forms of RFC 6266: plain for old programs, and exact. No sign in it can end the header or lead out of a
/// folder.
fn filename_parameters(name: &str) -> String {
    let name: String = name
        .chars()
        .filter(|sign| !sign.is_control())
        .map(|sign| if "/\\".contains(sign) { '_' } else { sign })
        .collect();
    let name: String = name.trim_start_matches('.').chars().take(150).collect();
    let plain: String = name
        .chars()
        .map(|sign| if sign.is_ascii_alphanumeric() || " .-_()".contains(sign) { sign } else { '_' })
        .collect();
    let mut exact = String::with_capacity(name.len());
    for byte in name.bytes() {
        // The signs of RFC 8187, section 3.2.1, that need no escape.
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            exact.push(char::from(byte));
        } else {
            exact.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("filename=\"{plain}\"; filename*=UTF-8''{exact}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_http_has_them() {
        assert_eq!(range_of("bytes=0-", 10), Wanted::Part(0..10));
        assert_eq!(range_of("bytes=2-4", 10), Wanted::Part(2..5));
        assert_eq!(range_of("bytes=2-400", 10), Wanted::Part(2..10));
        assert_eq!(range_of("bytes=-3", 10), Wanted::Part(7..10));
        assert_eq!(range_of("bytes=-30", 10), Wanted::Part(0..10));
        assert_eq!(range_of("bytes=10-", 10), Wanted::Nothing);
        assert_eq!(range_of("bytes=-0", 10), Wanted::Nothing);
        for other in ["", "bytes=a-b", "bytes=5-2", "lines=1-2", "bytes=1-2,4-5", "bytes=-"] {
            assert_eq!(range_of(other, 10), Wanted::All, "{other}");
        }
    }

    #[test]
    fn no_name_ends_the_header_or_leads_out_of_a_folder() {
        assert_eq!(
            filename_parameters("nota à vista.pdf"),
            "filename=\"nota _ vista.pdf\"; filename*=UTF-8''nota%20%C3%A0%20vista.pdf"
        );
        let hostile = filename_parameters("../..\\etc/\"pass\r\nSet-Cookie: a=b\u{7f}\u{85}.pdf");
        assert!(!hostile.contains(['\r', '\n', '/', '\\']), "{hostile}");
        assert_eq!(hostile.matches('"').count(), 2, "{hostile}");
        assert!(filename_parameters(&"á".repeat(4_000)).len() < 2_000);
    }
}
