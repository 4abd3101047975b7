//! Messages: what was said, by whom, and what became of it.

mod body;
mod inbound;
mod marks;
mod media;
mod model;
mod page;
mod preview;
mod refer;
mod reseal;
mod send;
mod status;
pub(crate) mod store;

pub use body::{Body, CallStep, Said, Via, message_place};
pub use inbound::{KnownIds, NewInbound, Placed, insert_inbound, known_wamids};
pub use marks::insert_marks;
pub use media::touch;
pub use model::{Author, Charge, Direction, Marks, Message, MessageStatus, Quoted, Reacted, SendFailure};
pub use page::{Newest, find_newest_of_contact, list_after_seq, list_messages, load_messages};
pub use preview::{load_last, preview_text};
pub use refer::REACTIONS;
pub use reseal::reseal;
pub use send::{
    Attempt, Outgoing, Passed, SendRequest, UNCONFIRMED, begin_attempt, end_attempt_unsent, enqueue,
    load_outgoing, pass, retry_message, send_message,
};
pub use status::{SendOutcome, StatusReport, apply_statuses, record_outcome, settle_early};
