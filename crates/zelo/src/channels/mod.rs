//! Channels: the WhatsApp numbers of a tenant, their credentials, and which number an event belongs to.

mod directory;
mod model;
mod news;
mod service;
mod store;

pub use directory::{Directory, Route, TOPIC};
pub use model::{Channel, ChannelChange, ChannelStatus, Credentials, NewChannel};
pub use news::{About, Aspect, Desk, News, Word, apply_news, list_states};
/// Work at Meta on numbers and accounts: what follows their connection, and reading templates.
pub const QUEUE: jobs::Queue = jobs::queue!("channels");
/// The job that follows the connection of a number.
pub const CONNECT: &str = "connect_channel";

pub use service::{
    Connected, ListedNotice, create_channel, credentials, disconnect_tenant, get_channel, learn_throughput,
    list_channels, list_notices, set_status, update_channel,
};
pub use store::{Notice, insert_notice};
