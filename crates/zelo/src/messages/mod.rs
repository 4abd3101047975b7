//! Messages: what was said, by whom, and what became of it.

mod attempt;
mod body;
mod gate;
mod inbound;
mod marks;
mod media;
mod model;
mod page;
mod preview;
mod refer;
mod reseal;
mod retry;
mod send;
mod status;
pub(crate) mod store;
mod sweep;

pub use attempt::{
    Attempt, Outgoing, UNCONFIRMED, UNDELIVERED, begin_attempt, end_attempt_unsent, give_up, load_outgoing,
};
pub use body::{Body, CallStep, Said, Via, message_place};
pub use inbound::{KnownIds, NewInbound, Placed, insert_inbound, known_wamids};
pub use marks::insert_marks;
pub use media::touch;
pub use model::{Author, Charge, Direction, Marks, Message, MessageStatus, Quoted, Reacted, SendFailure};
pub use page::{Newest, find_newest_of_contact, list_after_seq, list_messages, load_messages};
pub use preview::{load_last, preview_text};
pub use refer::REACTIONS;
pub use reseal::reseal;
pub use retry::retry_message;
pub use send::{Passed, SendRequest, To, enqueue, pass, send_message};
pub use status::{SendOutcome, StatusReport, apply_statuses, record_outcome, settle_early};
pub use sweep::sweep;
