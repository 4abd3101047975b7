//! Rules that let networks in always, or never.

use super::store::RuleRow;
use crate::{
    clock::Millis,
    config::Network,
    error::{Error, FieldError, Result},
    ids::UserId,
};
use std::{collections::HashMap, net::IpAddr};
use uuid::Uuid;

/// The longest reason, in characters.
const LONGEST_REASON: usize = 200;

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RuleAction {
    /// Limits by address and bans do not hold for the network. Limits of accounts, users, keys and tenants do.
    Allow,
    /// Nothing is answered but health checks and the webhook of Meta.
    Deny,
}

impl RuleAction {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }

    fn from_word(word: &str) -> Self {
        if word == "allow" { Self::Allow } else { Self::Deny }
    }
}

/// A rule that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its id.
    pub id: Uuid,
    /// For whom.
    pub network: String,
    /// What it does.
    pub action: RuleAction,
    /// Why, in the words of who made it.
    pub reason: String,
    /// When it ends by itself.
    pub expires_at: Option<Millis>,
    /// Who made it.
    pub created_by: UserId,
    /// When it was made.
    pub created_at: Millis,
}

impl From<RuleRow> for Rule {
    fn from(row: RuleRow) -> Self {
        Self {
            id: row.id,
            network: row.network,
            action: RuleAction::from_word(&row.effect),
            reason: row.reason,
            expires_at: row.expires_at,
            created_by: UserId(row.created_by),
            created_at: row.created_at,
        }
    }
}

/// A rule to be made.
#[derive(Debug, Clone)]
pub struct NewRule {
    /// An address or a network, such as `203.0.113.0/24`.
    pub network: String,
    /// What it does.
    pub action: RuleAction,
    /// Why.
    pub reason: String,
    /// When it ends by itself.
    pub expires_at: Option<Millis>,
}

/// What is to be changed of a rule; `None` leaves what there is.
#[derive(Debug, Clone, Default)]
pub struct RuleChange {
    /// What it does.
    pub action: Option<RuleAction>,
    /// Why.
    pub reason: Option<String>,
    /// When it ends by itself; the inner `None`: never.
    pub expires_at: Option<Option<Millis>>,
}

/// Look at what somebody typed.
pub(super) fn validate(
    network: Option<&str>,
    reason: Option<&str>,
    expires_at: Option<Millis>,
    now: Millis,
) -> Result<()> {
    let mut errors = Vec::new();
    if network.is_some_and(|network| Range::parse(network).is_none()) {
        let message = "Write an address, or a network such as 203.0.113.0/24.";
        errors.push(FieldError::new("network", "invalid", message));
    }
    if reason.is_some_and(|reason| reason.chars().count() > LONGEST_REASON) {
        let message = format!("At most {LONGEST_REASON} characters.");
        errors.push(FieldError::new("reason", "too_long", message));
    }
    if expires_at.is_some_and(|end| end <= now) {
        errors.push(FieldError::new("expires_at", "in_the_past", "Name a time to come."));
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

/// A network by its bits: those of IPv4 stand where IPv6 has its mapped addresses, so that one number names both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Range {
    bits: u128,
    length: u8,
}

impl Range {
    /// What was typed, without the bits behind the prefix.
    pub(super) fn parse(text: &str) -> Option<Self> {
        // The settings' own reading of networks says what is one.
        Network::try_from(text.to_owned()).ok()?;
        let (address, prefix) = text.trim().split_once('/').unwrap_or((text.trim(), ""));
        let address: IpAddr = address.parse().ok()?;
        let widest = if address.is_ipv4() { 32 } else { 128 };
        let prefix: u8 = if prefix.is_empty() { widest } else { prefix.parse().ok()? };
        let length = prefix + (128 - widest);
        Some(Self { bits: mapped(address) & mask(length), length })
    }

    fn of(address: IpAddr, length: u8) -> Self {
        Self { bits: mapped(address) & mask(length), length }
    }

    pub(super) fn contains(&self, address: IpAddr) -> bool {
        Self::of(address, self.length) == *self
    }
}

impl std::fmt::Display for Range {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let address = std::net::Ipv6Addr::from_bits(self.bits);
        match address.to_ipv4_mapped() {
            Some(address) if self.length >= 96 => write!(out, "{address}/{}", self.length - 96),
            _ => write!(out, "{address}/{}", self.length),
        }
    }
}

fn mapped(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn mask(length: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(length.min(128))).unwrap_or(0)
}

/// All rules, found by the longest prefix first: a rule for a part of a network holds over the one for the whole.
#[derive(Debug, Default, Clone)]
pub(super) struct RuleSet {
    rules: HashMap<Uuid, RuleRow>,
    /// Prefix lengths that occur, the longest first.
    lengths: Vec<u8>,
    by_range: HashMap<Range, (RuleAction, Option<Millis>)>,
}

impl RuleSet {
    /// Take over what changed.
    pub(super) fn apply(&mut self, changed: Vec<RuleRow>) {
        for row in changed {
            if row.deleted_at.is_some() {
                self.rules.remove(&row.id);
            } else {
                self.rules.insert(row.id, row);
            }
        }
        self.by_range.clear();
        for row in self.rules.values() {
            let Some(range) = Range::parse(&row.network) else { continue };
            self.by_range.insert(range, (RuleAction::from_word(&row.effect), row.expires_at));
        }
        self.lengths = self.by_range.keys().map(|range| range.length).collect();
        self.lengths.sort_unstable_by(|a, b| b.cmp(a));
        self.lengths.dedup();
    }

    /// What holds for an address; nothing as a rule.
    pub(super) fn verdict(&self, address: IpAddr, now: Millis) -> Option<RuleAction> {
        self.lengths.iter().find_map(|length| {
            let (action, ends) = self.by_range.get(&Range::of(address, *length))?;
            ends.is_none_or(|end| end > now).then_some(*action)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: u128, network: &str, effect: &str, expires_at: Option<Millis>) -> RuleRow {
        RuleRow {
            id: Uuid::from_u128(id),
            network: network.into(),
            effect: effect.into(),
            reason: String::new(),
            expires_at,
            created_by: Uuid::nil(),
            created_at: 0,
            changed_at: 0,
            deleted_at: None,
        }
    }

    #[test]
    fn the_rule_for_the_smaller_network_holds() {
        let mut rules = RuleSet::default();
        rules.apply(vec![
            row(1, "203.0.113.0/24", "deny", None),
            row(2, "203.0.113.7", "allow", None),
            row(3, "2001:db8::/32", "deny", None),
            row(4, "198.51.100.0/24", "deny", Some(1_000)),
        ]);
        let verdict = |rules: &RuleSet, address: &str| rules.verdict(address.parse().unwrap(), 500);
        assert_eq!(verdict(&rules, "203.0.113.8"), Some(RuleAction::Deny));
        assert_eq!(verdict(&rules, "::ffff:203.0.113.8"), Some(RuleAction::Deny));
        assert_eq!(verdict(&rules, "203.0.113.7"), Some(RuleAction::Allow));
        assert_eq!(verdict(&rules, "203.0.114.7"), None);
        assert_eq!(verdict(&rules, "2001:db8:7::1"), Some(RuleAction::Deny));
        assert_eq!(verdict(&rules, "198.51.100.1"), Some(RuleAction::Deny));
        assert_eq!(rules.verdict("198.51.100.1".parse().unwrap(), 1_000), None, "it has expired");
        rules.apply(vec![RuleRow { deleted_at: Some(1), ..row(1, "203.0.113.0/24", "deny", None) }]);
        assert_eq!(verdict(&rules, "203.0.113.8"), None);
        assert_eq!(verdict(&rules, "203.0.113.7"), Some(RuleAction::Allow));
    }

    #[test]
    fn a_network_is_written_in_one_way() {
        for (typed, written) in [
            ("203.0.113.77/24", "203.0.113.0/24"),
            (" 203.0.113.7 ", "203.0.113.7/32"),
            ("2001:DB8::7/32", "2001:db8::/32"),
            ("::ffff:10.1.2.3/104", "10.0.0.0/8"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("::/0", "::/0"),
        ] {
            assert_eq!(Range::parse(typed).unwrap().to_string(), written, "{typed}");
        }
        for wrong in ["", "203.0.113.7/33", "example.com", "10.0.0/8"] {
            assert!(Range::parse(wrong).is_none(), "{wrong}");
        }
        assert!(Range::parse("0.0.0.0/0").unwrap().contains("203.0.113.7".parse().unwrap()));
        assert!(!Range::parse("0.0.0.0/0").unwrap().contains("2001:db8::1".parse().unwrap()));
    }
}
