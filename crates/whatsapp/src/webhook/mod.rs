//! What Meta posts to the callback URL.
//!
//! [`parse`] reads a body into closed enums. A body that contains only ordinary messages and statuses is read in one
//! pass. Anything else is read again, piece by piece, so that one piece that Meta changed or invented never costs its
//! neighbours: it survives with its raw JSON.

mod account;
mod calls;
mod coexistence;
mod content;
mod envelope;
mod groups;
mod hint;
mod message;
mod message_wire;
mod messages;
mod status;
mod template;

pub use crate::lenient::Raw;
pub use account::{
    AccountAlert, AccountReview, AccountUpdate, AlertInfo, BanInfo, BusinessCapability, BusinessUsername,
    FlowNotice, PhoneNumberName, PhoneNumberQuality, RestrictionInfo, SecurityNotice, UserPreference,
    UserPreferences, WabaInfo,
};
pub use calls::{Call, CallStatus, Calls};
pub use coexistence::{
    AppStateChange, AppStateSync, BookContact, History, HistoryPart, HistoryThread, MessageEchoes,
};
pub use content::{
    ButtonPress, CallPermission, CardAddress, CardEmail, CardName, CardOrg, CardPhone, CardUrl, ContactCard,
    Content, Edit, FlowReply, Identity, InteractiveReply, ListReply, Location, Media, Order, OrderItem,
    Reaction, ReplyButton, Revoke, SystemNotice, Text, Unsupported,
};
pub use envelope::{Change, Entry, Envelope, ParseError, parse};
pub use groups::{GroupChange, Groups, Participant};
pub use hint::phone_number_id_hint;
pub use message::{Context, InboundMessage, Referral, ReferredProduct, WelcomeMessage};
pub use messages::{Messages, Metadata, Profile, Sender};
pub use status::{Conversation, ConversationOrigin, Delivery, Pricing, Status};
pub use template::{
    ChangedButton, OtherInfo, RejectionInfo, TemplateCategory, TemplateComponents, TemplateQuality,
    TemplateStatus,
};
