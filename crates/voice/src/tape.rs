//! What happens to the packets that a container gives out, in their order.

use crate::{
    Fault, Heard, ogg,
    opus::{Head, Packet, RATE},
    waveform::Envelope,
};

/// Takes a head and then packets; counts, and writes where it is to write.
pub(crate) struct Tape {
    head: Option<Head>,
    writer: Option<ogg::Writer>,
    writes: bool,
    capacity: usize,
    envelope: Envelope,
    samples: u64,
    newest: u64,
    trimmed: u64,
    is_mono: bool,
}

impl Tape {
    /// One that writes a voice note of a file of so many bytes.
    pub(crate) fn writing(capacity: usize) -> Self {
        Self { writes: true, capacity, ..Self::listening() }
    }

    /// One that only counts.
    pub(crate) fn listening() -> Self {
        Self {
            head: None,
            writer: None,
            writes: false,
            capacity: 0,
            envelope: Envelope::new(),
            samples: 0,
            newest: 0,
            trimmed: 0,
            is_mono: true,
        }
    }

    /// The head comes once, before everything.
    pub(crate) fn begin(&mut self, head: Head) -> Result<(), Fault> {
        if self.head.replace(head).is_some() {
            return Err(Fault::Broken("it begins twice"));
        }
        if self.writes {
            self.writer = Some(ogg::Writer::begin(head, self.capacity));
        }
        Ok(())
    }

    /// The next packet.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        if self.head.is_none() {
            return Err(Fault::Broken("sound comes before its head"));
        }
        let packet = Packet::look(bytes)?;
        self.is_mono &= !packet.is_stereo;
        if self.writes && !self.is_mono {
            return Err(Fault::Stereo);
        }
        self.samples += packet.samples;
        (self.newest, self.trimmed) = (packet.samples, 0);
        self.envelope.add(packet.samples, bytes.len());
        if let Some(writer) = &mut self.writer {
            writer.write(bytes, self.samples);
        }
        Ok(())
    }

    /// How many samples came until now.
    pub(crate) fn samples(&self) -> u64 {
        self.samples
    }

    /// So many samples at the end are not played; of the newest packet, or what is wrong is left out.
    pub(crate) fn trim(&mut self, samples: u64) {
        self.trimmed = samples.min(self.newest);
    }

    /// Nothing more comes.
    pub(crate) fn end(self) -> Result<(Heard, Vec<u8>), Fault> {
        let head = self.head.ok_or(Fault::Codec)?;
        let played = self.samples - self.trimmed;
        let length_ms = played.saturating_sub(head.pre_skip.into()) * 1000 / RATE;
        if length_ms == 0 {
            return Err(Fault::Empty);
        }
        let ogg = self.writer.map(|writer| writer.end(played)).unwrap_or_default();
        Ok((Heard { length_ms, waveform: self.envelope.bars(), is_mono: self.is_mono }, ogg))
    }
}
