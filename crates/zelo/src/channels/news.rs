//! What Meta says of numbers and accounts, and what it changes.
//!
//! Each thing that Meta says has one word, the newest by Meta's clock, so that the order of arrival makes no difference.

use super::{Channel, ChannelStatus, store};
use crate::{
    app::App,
    audit::{Entry, EventType, Pen},
    clock::Millis,
    crypto::{Place, TenantKeys},
    error::Result,
    ids::ChannelId,
    tenants::TenantScope,
};
use db::Tx;
use std::collections::{BTreeMap, HashMap};
use whatsapp::phone::Phone;

/// One thing that Meta says of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    /// `GREEN`, `YELLOW`, `RED`.
    Quality,
    /// How many people may be written to first in 24 hours: a number or `TIER_2K`, `TIER_UNLIMITED`, ….
    Limit,
    /// The name that customers see, as Meta approved it.
    Name,
    /// The business's public name, without @; empty where there is none.
    Username,
    /// `ACTIVE`, `DISABLED`, or Meta's word for another end.
    Account,
    /// `APPROVED`, `REJECTED`, `PENDING`, `DEFERRED`.
    Review,
    /// What the account may not do, and until when.
    Restriction,
}

impl Aspect {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Quality => "quality",
            Self::Limit => "limit",
            Self::Name => "name",
            Self::Username => "username",
            Self::Account => "account",
            Self::Review => "review",
            Self::Restriction => "restriction",
        }
    }

    /// Read the word that is stored.
    pub(super) fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "quality" => Self::Quality,
            "limit" => Self::Limit,
            "name" => Self::Name,
            "username" => Self::Username,
            "account" => Self::Account,
            "review" => Self::Review,
            "restriction" => Self::Restriction,
            _ => return None,
        })
    }
}

/// Whom news are about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// All numbers of an account.
    Account(String),
    /// One number of an account, as it is displayed; it may lack the ninth digit.
    Number {
        /// Meta's id of the account.
        account: String,
        /// Digits.
        phone: String,
    },
}

impl About {
    fn account(&self) -> &str {
        match self {
            Self::Account(account) | Self::Number { account, .. } => account,
        }
    }

    /// Whether a number is meant. Of an account with one number it is meant however it is written.
    fn means(&self, channel: &Channel, is_only: bool) -> bool {
        match self {
            Self::Account(_) => true,
            Self::Number { phone, .. } => {
                let canonical = |text: &str| Phone::parse(text).ok();
                is_only
                    || (canonical(phone).is_some() && canonical(phone) == canonical(&channel.display_phone))
            }
        }
    }
}

/// What is new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// What Meta says of one thing.
    State(Aspect, String),
    /// Messages a second that Meta grants from now on.
    Throughput(u32),
    /// Nothing leaves any more, until somebody connects the number again.
    Stopped,
    /// It may leave again.
    Resumed,
}

/// News of a number or an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// Whom it is about.
    pub about: About,
    /// When, by Meta's clock.
    pub at: Millis,
    /// What.
    pub word: Word,
}

/// What is needed to take news over.
#[derive(Clone, Copy)]
pub struct Desk<'d> {
    /// Writes down what changes.
    pub pen: &'d Pen,
    /// Seals what Meta says: it is Meta's words, and may be anybody's.
    pub keys: &'d TenantKeys,
}

/// Kept like a state, so that an older word is known for one; nobody is shown it.
const STANDING: &str = "standing";
/// As [`STANDING`].
const THROUGHPUT: &str = "throughput";

fn state_place(scope: TenantScope, channel: ChannelId, aspect: &'static str) -> Place<'static> {
    Place { tenant: scope.tenant().0, table: "channel_states", column: aspect, row: channel.0 }
}

/// Take news over, inside the transaction that keeps the notice.
///
/// # Errors
/// What the database answers.
pub async fn apply_news(tx: &mut Tx, scope: TenantScope, desk: Desk<'_>, news: &[News]) -> Result<()> {
    if news.is_empty() {
        return Ok(());
    }
    for piece in news {
        // Anew for each: the piece before may have changed them.
        let channels = store::list_channels(tx, scope).await?;
        let account = piece.about.account();
        let of_account: Vec<&Channel> =
            channels.iter().filter(|channel| channel.waba_id == account).collect();
        let is_only = of_account.len() == 1;
        for channel in of_account.into_iter().filter(|channel| piece.about.means(channel, is_only)) {
            apply(tx, scope, desk, channel, piece).await?;
        }
    }
    Ok(())
}

async fn apply(
    tx: &mut Tx,
    scope: TenantScope,
    desk: Desk<'_>,
    channel: &Channel,
    news: &News,
) -> Result<()> {
    let pen = desk.pen;
    let (aspect, value) = match &news.word {
        Word::State(aspect, value) => (aspect.as_str(), value.clone()),
        Word::Throughput(per_second) => (THROUGHPUT, per_second.to_string()),
        Word::Stopped => (STANDING, "stopped".to_owned()),
        Word::Resumed => (STANDING, "resumed".to_owned()),
    };
    let place = state_place(scope, channel.id, aspect);
    let sealed = desk.keys.data.seal(place, value.as_bytes())?;
    if store::save_state(tx, scope, channel.id, aspect, &sealed, news.at).await? == 0 {
        // Something newer is known: a notice that Meta repeats, or that came late, changes nothing.
        return Ok(());
    }
    match &news.word {
        Word::Throughput(per_second) => {
            store::update_throughput(tx, scope, channel.id, *per_second).await?;
            let entry = Entry::of(EventType::ConfigUpdate, "channel_throughput").on("channel", channel.id);
            pen.write(tx, entry.changed("throughput", channel.throughput, Some(*per_second))).await?;
        }
        Word::Stopped if channel.status == ChannelStatus::Active => {
            change_status(tx, scope, pen, channel, ChannelStatus::ReconnectNeeded).await?;
            metrics::counter!("zelo_channels_reconnect_needed_total").increment(1);
            tracing::error!(channel_id = %channel.id, "Meta stopped an account; the messages of its numbers wait");
        }
        Word::Resumed if channel.status == ChannelStatus::ReconnectNeeded => {
            change_status(tx, scope, pen, channel, ChannelStatus::Active).await?;
        }
        Word::State(..) | Word::Stopped | Word::Resumed => {}
    }
    Ok(())
}

async fn change_status(
    tx: &mut Tx,
    scope: TenantScope,
    pen: &Pen,
    channel: &Channel,
    status: ChannelStatus,
) -> Result<()> {
    if store::update_status(tx, scope, channel.id, channel.status, status).await? == 0 {
        return Ok(());
    }
    let entry = Entry::of(EventType::ConfigUpdate, "channel_status").on("channel", channel.id);
    pen.write(tx, entry.changed("status", channel.status.as_str(), status.as_str())).await
}

/// What Meta says of a tenant's numbers.
///
/// # Errors
/// When the database does not answer.
pub async fn list_states(
    app: &App,
    scope: TenantScope,
) -> Result<HashMap<ChannelId, BTreeMap<Aspect, String>>> {
    let rows = db::read!(app.db, "list_channel_states", scope.into(), |tx| -> Result<_> {
        Ok(store::list_states(tx, scope).await?)
    })?;
    let mut states: HashMap<ChannelId, BTreeMap<Aspect, String>> = HashMap::new();
    let keys = app.keyring.tenant(scope.tenant().0).await?;
    for (channel, aspect, sealed) in rows {
        let Some(aspect) = Aspect::from_word(&aspect) else { continue };
        let value = keys.data.open(state_place(scope, channel, aspect.as_str()), &sealed)?;
        states.entry(channel).or_default().insert(aspect, String::from_utf8_lossy(&value).into_owned());
    }
    Ok(states)
}
