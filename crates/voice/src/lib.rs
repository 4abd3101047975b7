//! Voice notes: what a browser records, put into the container that WhatsApp takes.
//!
//! Browsers record Opus, Chromium in WebM and Firefox in Ogg. WhatsApp shows as a voice note only Ogg with Opus and one channel
//! (Meta, messages/audio-messages). The packets are the same in all of them, so they are taken out of one container and put
//! into another, unchanged: nothing is decoded or encoded, nothing gets worse, and nothing else of the file goes along.
//!
//! Files come from strangers. Reading is one pass without recursion, sizes are believed only as far as there are bytes, and
//! what is kept besides the outcome is a few hundred numbers. The outcome has at most about twice the bytes of what it was made
//! of, for packets of one byte; real ones get smaller.

mod ogg;
mod opus;
mod tape;
mod waveform;
mod webm;

use tape::Tape;

/// How many bars a waveform has: as many as WhatsApp draws.
pub const BARS: usize = 64;

/// Why a recording cannot become a voice note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// MP4, as older Safari records.
    #[error("the recording is MP4, and WhatsApp takes no voice notes of it")]
    Mp4,
    /// Neither WebM nor Ogg.
    #[error("the file is no recording of a browser")]
    Container,
    /// Something else than one track of Opus.
    #[error("the recording is not one track of Opus")]
    Codec,
    /// Two channels.
    #[error("the recording has two channels")]
    Stereo,
    /// No sound in it.
    #[error("the recording is empty")]
    Empty,
    /// Cut off or damaged; the word says where.
    #[error("the recording is damaged: {0}")]
    Broken(&'static str),
}

/// What is known of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// How long it plays, in milliseconds: as its packets say, not as the file claims.
    pub length_ms: u64,
    /// How much goes on in each of [`BARS`] equal parts, from 0 to 100. An estimate: it follows the bytes that the encoder
    /// needed for each part, which grow with the sound and are few for silence. Nothing is decoded for it. All the same where
    /// the encoder gave every packet the same size.
    pub waveform: [u8; BARS],
    /// Whether every packet has one channel.
    pub is_mono: bool,
}

/// A voice note as WhatsApp takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Ogg with Opus and one channel, with nothing but the sound.
    pub ogg: Vec<u8>,
    /// What is known of it.
    pub heard: Heard,
}

/// Make a voice note of what a browser recorded.
///
/// # Errors
/// [`Fault`]; never a panic, whatever the bytes are.
pub fn rewrap(recording: &[u8]) -> Result<Note, Fault> {
    let mut tape = Tape::writing(recording.len());
    play(recording, &mut tape)?;
    let (heard, ogg) = tape.end()?;
    Ok(Note { ogg, heard })
}

/// Look at a voice note as it is, of one channel or two.
///
/// # Errors
/// As [`rewrap`], but for [`Fault::Stereo`].
pub fn listen(recording: &[u8]) -> Result<Heard, Fault> {
    let mut tape = Tape::listening();
    play(recording, &mut tape)?;
    tape.end().map(|(heard, _)| heard)
}

fn play(recording: &[u8], tape: &mut Tape) -> Result<(), Fault> {
    if webm::is_webm(recording) {
        webm::play(recording, tape)
    } else if ogg::is_ogg(recording) {
        ogg::play(recording, tape)
    } else if recording.get(4..8) == Some(b"ftyp") {
        Err(Fault::Mp4)
    } else {
        Err(Fault::Container)
    }
}

#[cfg(test)]
mod tests;
