//! What is known of a message's file, as the pages show it.

use crate::{
    api::media::{address, seconds},
    media::{Attached, MediaState, Piece},
    messages::Message,
    pages::view::{Content, Media, SmallPicture, Standing},
};

/// The longest side of a picture in a thread, in pixels.
const LONGEST: u32 = 320;

/// The content of a bubble, with what is known of the message's file.
pub(super) fn with_file(content: Content, message: &Message) -> Content {
    match (content, &message.media) {
        (Content::Media(shown), Some(attached)) => Content::Media(known(shown, attached)),
        (content, _) => content,
    }
}

fn known(shown: Media, attached: &Attached) -> Media {
    let file = &attached.media;
    let standing = match file.state {
        MediaState::Pending => Standing::Pending,
        MediaState::Stored => Standing::Stored,
        MediaState::Refused => Standing::Refused(file.reason),
        MediaState::Expired => Standing::Expired,
    };
    let is_here = standing == Standing::Stored;
    let found = file.file_type.filter(|_| is_here);
    Media {
        standing,
        url: is_here.then(|| address(file.id, Piece::Whole)),
        size: file.size,
        length_s: file.duration_ms.and_then(|length| u32::try_from(seconds(length)).ok()),
        waveform: attached.voice.as_ref().filter(|_| is_here).map(|voice| voice.waveform.clone()),
        small: file.pixels.filter(|_| is_here && file.has_thumbnail).map(|pixels| {
            let (width, height) = fitted(pixels);
            SmallPicture { url: address(file.id, Piece::Thumbnail), width, height }
        }),
        is_played: found.is_some_and(|found| found.is_audio() || found.is_video()),
        ..shown
    }
}

/// As large as it is drawn, so that the thread does not jump when it comes.
fn fitted((width, height): (u32, u32)) -> (u32, u32) {
    let longest = width.max(height).max(1);
    if longest <= LONGEST {
        return (width, height);
    }
    let scaled =
        |side: u32| u32::try_from(u64::from(side) * u64::from(LONGEST) / u64::from(longest)).unwrap_or(1);
    (scaled(width).max(1), scaled(height).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_keeps_its_shape() {
        assert_eq!(fitted((100, 80)), (100, 80));
        assert_eq!(fitted((4000, 3000)), (320, 240));
        assert_eq!(fitted((3000, 4000)), (240, 320));
        assert_eq!(fitted((100_000, 1)), (320, 1));
    }
}
