//! Trying to log in, and what follows from failing.
//!
//! [`admit`] counts a try before anything expensive or telling is done; the [`Permit`] says afterwards what became of it.
//! One that is dropped counts as failed. Counted are failures
//! * of one account from one client: after `auth.login_attempts` the client is kept out from the account, for a quarter of
//!   an hour, then an hour, then a day. A browser that somebody logged in to the account with before is a client of its
//!   own; all others are counted by their network;
//! * from one network over all accounts, known browsers left out: many accounts may be tried once each;
//! * of one account in a row, known browsers left out: NIST SP 800-63B-4, section 3.2.2, allows at most 100. From then on
//!   only known browsers and a password reset lead in.

use super::{
    Policy, Prefix, RuleAction, Subject,
    bans::{self, Offence},
    decision::Refusal,
    device::{DeviceCookie, KnownBrowser},
    generations::Digest,
    service::{ClearedOf, clear},
    store,
};
use crate::{
    app::App,
    clock::Millis,
    error::Result,
    http::{ClientAddress, current_client},
};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
};
use db::Scope;
use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr},
};
use uuid::Uuid;

/// What is tried. Each kind is counted apart, so that a good password does not buy more tries at the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// A password.
    Password,
    /// A code of the second factor, or a backup code.
    SecondFactor,
    /// A link to reset a password is asked for.
    PasswordReset,
    /// Somebody who is signed in proves again who they are.
    Reauthentication,
}

impl Attempt {
    /// Whether it lets somebody in who was out: only then failures in a row count, and bans of the account as a whole.
    fn is_way_in(self) -> bool {
        matches!(self, Self::Password | Self::SecondFactor)
    }
}

/// Who tries: the address, and what the browser shows of earlier log-ins. Handlers take it as an extractor.
#[derive(Debug, Clone)]
pub struct LoginClient {
    address: IpAddr,
    cookie: DeviceCookie,
}

impl Default for LoginClient {
    /// A client of whom nothing is known, such as one at the command line.
    fn default() -> Self {
        Self { address: IpAddr::V4(Ipv4Addr::UNSPECIFIED), cookie: DeviceCookie::default() }
    }
}

impl LoginClient {
    /// The client that sends these headers from this address.
    pub fn of(app: &App, headers: &HeaderMap, address: IpAddr) -> Self {
        Self { address, cookie: DeviceCookie::read(headers, app.config.is_development()) }
    }

    /// The client of the current request, by its address alone.
    pub fn of_current_request() -> Self {
        let address = current_client().map(|client| client.address.0);
        address.map_or_else(Self::default, |address| Self { address, ..Self::default() })
    }

    /// What a complete log-in leaves: from now on this browser has tries of its own for the account.
    pub fn remember(&self, app: &App, account: &[u8; 16]) -> KnownBrowser {
        let new = app.ids.next();
        self.cookie.remember(&app.config, &app.limits.secret, account, new, app.clock.now())
    }
}

impl FromRequestParts<App> for LoginClient {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> std::result::Result<Self, Infallible> {
        let ClientAddress(address) = ClientAddress::from_request_parts(parts, app).await?;
        Ok(Self::of(app, &parts.headers, address))
    }
}

/// A try that may be made. Say what became of it.
#[must_use = "a try whose end is not told counts as failed"]
#[derive(Debug)]
pub struct Permit {
    app: App,
    account: [u8; 16],
    policy: Policy,
    subject: Subject,
    /// The network, where its tries are counted.
    network: Option<Prefix>,
    /// Where failures in a row are counted.
    in_a_row: Option<Digest>,
    is_last: bool,
    is_last_of_network: bool,
}

/// Ask whether a try may be made: before the password is hashed. `account` is the blind index of the address that was
/// typed, whether it is known or not.
///
/// # Errors
/// [`crate::Error::TooManyRequests`], with the wait.
pub async fn admit(app: &App, attempt: Attempt, account: &[u8; 16], client: &LoginClient) -> Result<Permit> {
    let now = app.clock.now();
    let policies = &app.limits.policies;
    let policy = match attempt {
        Attempt::Password => policies.login,
        Attempt::SecondFactor => policies.second_factor,
        Attempt::PasswordReset => policies.password_reset,
        Attempt::Reauthentication => policies.reauthentication,
    };
    let device = client.cookie.device_of(&app.limits.secret, account, now);
    let network = Prefix::from(client.address);
    let subject = device.map_or(Subject::AccountFromNetwork(*account, network), |device| {
        Subject::AccountFromDevice(*account, device)
    });
    let rule = app.limits.ledger.rule_for(client.address, now);
    let is_counted =
        device.is_none() && rule != Some(RuleAction::Allow) && attempt != Attempt::Reauthentication;
    let mut permit = Permit {
        app: app.clone(),
        account: *account,
        policy,
        subject,
        network: is_counted.then_some(network),
        in_a_row: None,
        is_last: false,
        is_last_of_network: false,
    };
    let is_stranger = device.is_none() && attempt.is_way_in();
    permit.refuse_banned(is_stranger, now)?;
    permit.take(attempt, device.is_some()).await?;
    Ok(permit)
}

impl Permit {
    /// It failed. The last failure that is allowed ends in a ban.
    ///
    /// # Errors
    /// When the database does not answer; the failure is counted all the same.
    pub async fn failed(self) -> Result<()> {
        if self.is_last {
            bans::ban(&self.app, &self.by_client()).await?;
        }
        if let Some(offence) = self.by_network().filter(|_| self.is_last_of_network) {
            bans::ban(&self.app, &offence).await?;
        }
        Ok(())
    }

    /// It was right: the failures before it are forgotten.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn succeeded(self) -> Result<()> {
        let limiter = &self.app.limits.limiter;
        limiter.forget(&self.policy, self.subject).await;
        if let Some(network) = self.network {
            // Others may have failed from here: only this try is given back.
            limiter.give_back(&self.app.limits.policies.login_network, Subject::Network(network)).await;
        }
        if let Some(subject) = self.in_a_row {
            db::write!(self.app.db, "end_row_of_failures", Scope::Tenant(Uuid::nil()), |tx| -> Result<()> {
                store::delete_failures(tx, &subject).await?;
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Nothing was tried after all, for a reason of ours: it does not count.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn called_off(self) -> Result<()> {
        let limiter = &self.app.limits.limiter;
        limiter.give_back(&self.policy, self.subject).await;
        if let Some(network) = self.network {
            limiter.give_back(&self.app.limits.policies.login_network, Subject::Network(network)).await;
        }
        if let Some(subject) = self.in_a_row {
            db::write!(self.app.db, "uncount_failure", Scope::Tenant(Uuid::nil()), |tx| -> Result<()> {
                store::uncount_failure(tx, &subject).await?;
                Ok(())
            })?;
        }
        Ok(())
    }

    fn by_client(&self) -> Offence {
        let network = match self.subject {
            Subject::AccountFromNetwork(_, network) => Some(network),
            _ => None,
        };
        Offence { policy: self.policy, subject: self.subject, account: Some(self.account), network, level: 1 }
    }

    fn by_network(&self) -> Option<Offence> {
        let policy = self.app.limits.policies.login_network;
        let network = self.network?;
        let subject = Subject::Network(network);
        Some(Offence { policy, subject, account: None, network: Some(network), level: 1 })
    }

    fn of_account(&self) -> Offence {
        let policy = self.app.limits.policies.account;
        let subject = Subject::Account(self.account);
        // A day at once: nobody fails a hundred times in a row by mistake.
        Offence { policy, subject, account: Some(self.account), network: None, level: 3 }
    }

    fn refuse_banned(&self, is_stranger: bool, now: Millis) -> Result<()> {
        let of_account = is_stranger.then(|| self.of_account());
        for offence in [Some(self.by_client()), self.by_network(), of_account].into_iter().flatten() {
            if let Some(end) = self.app.limits.ledger.banned_until(&offence.digest(&self.app), now) {
                return Err(Refusal::banned(offence.policy, end - now).into());
            }
        }
        Ok(())
    }

    /// Take a place under every policy that counts this try.
    async fn take(&mut self, attempt: Attempt, is_known: bool) -> Result<()> {
        let limiter = &self.app.limits.limiter;
        let by_client = limiter.check(&self.policy, self.subject).await;
        if !by_client.is_allowed {
            // Whoever breaks off the last try before its end does not escape the ban.
            bans::ban(&self.app, &self.by_client()).await?;
        }
        self.is_last = by_client.into_result()?.remaining == 0;
        if let Some(offence) = self.by_network() {
            let by_network = limiter.check(&offence.policy, offence.subject).await;
            if !by_network.is_allowed {
                bans::ban(&self.app, &offence).await?;
            }
            self.is_last_of_network = by_network.into_result()?.remaining == 0;
        }
        // A reset proves nothing about the password, and is the way out after a hundred failures.
        if attempt.is_way_in() {
            self.count_in_a_row(is_known).await?;
        }
        Ok(())
    }

    async fn count_in_a_row(&mut self, is_known: bool) -> Result<()> {
        let subject = if is_known { self.subject } else { Subject::Account(self.account) };
        let digest = self.app.limits.limiter.digests.with_context(b"in a row", 0, subject);
        let (account, now) = (self.account, self.app.clock.now());
        let failures =
            db::write!(self.app.db, "count_failure", Scope::Tenant(Uuid::nil()), |tx| -> Result<i64> {
                Ok(store::count_failure(tx, &digest, &account, now).await?)
            })?;
        if failures > i64::from(self.app.limits.policies.account.quota) {
            let offence = if is_known { Offence { level: 3, ..self.by_client() } } else { self.of_account() };
            let end = bans::ban(&self.app, &offence).await?;
            return Err(Refusal::banned(offence.policy, end - now).into());
        }
        self.in_a_row = Some(digest);
        Ok(())
    }
}

/// Forget what failed for an account and lift its bans: its owner has proved who they are by another way, such as a
/// password reset.
///
/// # Errors
/// When the database does not answer.
pub async fn pardon(app: &App, account: &[u8; 16]) -> Result<()> {
    clear(app, &[Subject::Account(*account)], &[*account], ClearedOf::Account, None).await?;
    Ok(())
}
