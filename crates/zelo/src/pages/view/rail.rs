//! The navigation beside every page.

/// Which page is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RailPlace {
    #[default]
    Inbox,
    Channels,
    Templates,
    Audit,
}

/// Which pages the reader may open, and which one is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rail {
    pub at: RailPlace,
    pub to_channels: bool,
    pub to_audit: bool,
}

impl Rail {
    /// What these rights open.
    pub fn of(rights: &crate::rights::Rights) -> Self {
        use crate::rights::Permission::{ReadAudit, WriteChannels};
        let (to_channels, to_audit) = (rights.allow(WriteChannels), rights.allow(ReadAudit));
        Self { at: RailPlace::Inbox, to_channels, to_audit }
    }
}
