//! Conversations: a thread with one contact on one channel.
//!
//! Invariants: of a contact on a channel at most one conversation is current; every change takes the conversation's next
//! `seq`; the list shows open ones first, last activity first.

mod begin;
mod current;
mod hand_over;
mod model;
mod service;
mod store;
mod wake;

pub use begin::{Begun, find_current, insert_begun};
pub use current::{Arrival, CurrentThreads, Occasion};
pub use hand_over::{give_back, hand_over};
pub use model::{AssigneeFilter, Conversation, ConversationStatus, Listing, Position};
pub use service::{
    Assignment, CONTACT_CHANGED, ConversationChange, assign_conversation, begin_typing, change_conversation,
    claim_conversation, contact_key, count_conversations, get_conversation, hold_for, leave_assignee,
    leave_team, list_conversations, mark_conversation_read, next_seq, note_told_read, place_outbound,
    set_conversation_status, told_read,
};
pub use wake::{QUEUE, wake};
