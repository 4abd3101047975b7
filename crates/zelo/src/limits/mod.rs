//! Limits: how often somebody may do something, and who is kept out for a while.
//!
//! A [`Policy`] says "at most `quota` times in any window", exactly: the moments of what was accepted are kept and
//! counted, because an approximation refuses people who kept within the promise or lets through those who did not.
//! [`Limiter`] decides, in this process or, where Redis is configured, for all processes together. [`gate`] asks it for
//! every request; [`login`] asks it for every try to log in and turns repeated failures into growing bans, which are rows
//! and survive a restart. The webhook of Meta passes no limit: whoever refuses it loses messages.

mod bans;
mod decision;
mod device;
mod gate;
mod generations;
mod ledger;
mod limiter;
pub mod login;
mod memory;
mod policy;
mod rules;
mod service;
mod shared;
mod sliding;
mod store;
mod subject;

pub use bans::{Ban, BanKind};
pub(crate) use decision::tell;
pub use decision::{Decision, Refusal, RefusalKind};
pub use device::KnownBrowser;
pub use gate::gate;
pub use ledger::TOPIC;
pub use limiter::{Limiter, Limits};
pub use policy::{Policies, Policy};
pub use rules::{NewRule, Rule, RuleAction, RuleChange};
pub use service::{
    Cleared, clear_address, clear_user, create_rule, delete_rule, follow, get_rule, lift_ban, list_bans,
    list_rules, sweep, update_rule,
};
pub use subject::{Prefix, Subject};
