//! What a message is.

use super::Body;
use crate::{
    clock::Millis,
    ids::{ConversationId, MessageId, UserId},
    media::Attached,
};
use serde::{Deserialize, Serialize};

/// Who wrote to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The contact to us.
    Inbound,
    /// We to the contact.
    Outbound,
}

impl Direction {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

/// How far a message has come. It moves forward only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageStatus {
    /// It came in.
    Received,
    /// It waits to be sent.
    Queued,
    /// Meta took it over.
    Sent,
    /// It is on the contact's phone.
    Delivered,
    /// The contact opened the chat.
    Read,
    /// It did not arrive.
    Failed,
}

impl MessageStatus {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed => "failed",
        }
    }

    /// Read the word that is stored.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "received" => Self::Received,
            "queued" => Self::Queued,
            "sent" => Self::Sent,
            "delivered" => Self::Delivered,
            "read" | "played" => Self::Read,
            "failed" => Self::Failed,
            _ => return None,
        })
    }

    /// Whether a report of `next` moves a message on that stands at `self`. Reports come late, doubled and in any order:
    /// queued < sent < delivered < read; a failure is believed only while nothing proves that it arrived.
    pub fn moves_to(self, next: Self) -> bool {
        match (self, next) {
            (Self::Received, _) | (_, Self::Received | Self::Queued) => false,
            (Self::Queued | Self::Sent, Self::Failed) => true,
            (_, Self::Failed) => false,
            // A message that Meta first called failed and then delivered has arrived.
            (Self::Failed, next) => next.rank() >= Self::Delivered.rank(),
            (current, next) => next.rank() > current.rank(),
        }
    }

    fn rank(self) -> u8 {
        match self {
            Self::Received | Self::Queued => 0,
            Self::Sent => 1,
            Self::Delivered => 2,
            Self::Read => 3,
            Self::Failed => 4,
        }
    }
}

/// Who of us wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// One of the staff.
    User(UserId),
    /// The contact.
    Contact,
}

/// Why a message did not leave or arrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SendFailure {
    /// Meta's error code, or `unconfirmed` while nobody knows whether it left.
    pub code: String,
    /// What Meta said.
    pub detail: String,
}

/// A message, opened.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Its conversation.
    pub conversation: ConversationId,
    /// Its place among the conversation's changes.
    pub seq: i64,
    /// The place of its last change.
    pub changed_seq: i64,
    /// Who wrote to whom.
    pub direction: Direction,
    /// How far it has come.
    pub status: MessageStatus,
    /// What it says.
    pub body: Body,
    /// Who wrote it.
    pub author: Author,
    /// Meta's time for what came in, ours for what goes out.
    pub sent_at: Millis,
    /// When it was stored.
    pub created_at: Millis,
    /// Why it failed, or why it waits.
    pub failure: Option<SendFailure>,
    /// Its file. Only where messages were loaded to be shown; none for those that have no file, or had it before files
    /// were kept here.
    pub media: Option<Attached>,
    /// What Meta charges it as, once it has said so.
    pub pricing: Option<Charge>,
    /// What reactions, edits and deletions made of it.
    pub marks: Marks,
    /// The message that this one changes, where it is here.
    pub changes: Option<MessageId>,
    /// The message that it quotes, where it is here.
    pub quoted: Option<Quoted>,
}

/// What Meta charges a message as. Prices differ by country and quarter and are not Meta's to say here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Charge {
    /// `service`, `utility`, `marketing`, `authentication`, `referral_conversion`, or a later word of Meta's.
    pub category: String,
    /// `regular`, `free_customer_service`, `free_entry_point`, or a later word of Meta's.
    pub r#type: String,
}

/// What reactions, edits and deletions made of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// Whether there may be any; only then are they looked for.
    pub expected: bool,
    /// The emojis on it, one from each side at most.
    pub reactions: Vec<Reacted>,
    /// When its writer last changed it.
    pub edited_at: Option<Millis>,
    /// The message whose file is this one's since an edit.
    pub file_of: Option<MessageId>,
    /// When its writer deleted it for everyone. Its words are not shown any more.
    pub deleted_at: Option<Millis>,
}

/// An emoji on a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reacted {
    /// Which side put it there.
    pub direction: Direction,
    /// Who of us, where it was one of us.
    pub author: Author,
    /// The emoji.
    pub emoji: String,
    /// When.
    pub at: Millis,
}

/// A message that another one quotes.
#[derive(Debug, Clone, PartialEq)]
pub struct Quoted {
    /// Its id.
    pub id: MessageId,
    /// Who wrote to whom.
    pub direction: Direction,
    /// Who wrote it.
    pub author: Author,
    /// What it says now.
    pub body: Body,
}

#[cfg(test)]
mod tests {
    use super::MessageStatus::{Delivered, Failed, Queued, Read, Sent};
    use super::*;

    #[test]
    fn every_order_of_reports_ends_in_the_same_state() {
        let reports = [Sent, Delivered, Read, Sent, Delivered];
        for rotation in 0..reports.len() {
            for reversed in [false, true] {
                let mut order: Vec<_> =
                    reports.iter().cycle().skip(rotation).take(reports.len()).copied().collect();
                if reversed {
                    order.reverse();
                }
                let end =
                    order.into_iter().fold(Queued, |at, next| if at.moves_to(next) { next } else { at });
                assert_eq!(end, Read);
            }
        }
    }

    #[test]
    fn a_failure_is_believed_only_while_nothing_proves_arrival() {
        assert!(Queued.moves_to(Failed) && Sent.moves_to(Failed));
        assert!(!Delivered.moves_to(Failed) && !Read.moves_to(Failed));
        assert!(Failed.moves_to(Delivered) && !Failed.moves_to(Sent));
        assert!(!MessageStatus::Received.moves_to(Read), "what came in has no delivery of ours");
    }
}
