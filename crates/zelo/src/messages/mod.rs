//! Messages: what was said, by whom, and what became of it.

mod body;
mod inbound;
mod media;
mod model;
mod page;
mod preview;
mod send;
mod status;
pub(crate) mod store;

pub use body::{Body, Said, message_place};
pub use inbound::{NewInbound, insert_inbound, known_wamids};
pub use media::touch;
pub use model::{Author, Direction, Message, MessageStatus, SendFailure};
pub use page::{list_after_seq, list_messages, load_messages};
pub use preview::{load_last, preview_text};
pub use send::{
    Attempt, Outgoing, Passed, SendRequest, UNCONFIRMED, begin_attempt, end_attempt_unsent, enqueue,
    load_outgoing, pass, retry_message, send_message,
};
pub use status::{SendOutcome, StatusReport, apply_statuses, record_outcome};
