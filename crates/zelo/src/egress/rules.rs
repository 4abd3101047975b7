//! Which addresses may be called.

use super::address::is_public;
use crate::config::Network;
use reqwest::Url;
use std::net::IpAddr;
use url::Host;

/// What the operator opened, and which ports are usual.
pub(super) struct Rules {
    allow: Vec<Network>,
    ports: Vec<u16>,
}

/// How far a call may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Public addresses, and what the operator opened.
    Public,
    /// What the operator opened alone: the call is not encrypted, or goes to an unusual port.
    Opened,
}

/// Why a call may not be made. The text is for the person who typed the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not an absolute web address.
    #[error("this is no web address; write it with https:// and a host")]
    NoAddress,
    /// `https://user:password@host`, which also serves to disguise the host.
    #[error("the address must not hold a user name or password")]
    Credentials,
    /// Not `https`.
    #[error("the address must begin with https://")]
    Scheme,
    /// An unusual port.
    #[error("calls to this port are not allowed (egress.ports)")]
    Port,
    /// An address of this machine, of a private network, or of nobody.
    #[error("calls to this address are not allowed (egress.allow opens private networks)")]
    Address,
}

impl Rules {
    pub(super) fn new(allow: Vec<Network>, ports: Vec<u16>) -> Self {
        Self { allow, ports }
    }

    /// What a call to this address may reach. Other spellings of a number (`0x7f.1`, `2130706433`) are addresses here
    /// already: a URL knows them by their value.
    pub(super) fn judge(&self, url: &Url) -> Result<Reach, Refused> {
        let host = url.host().ok_or(Refused::NoAddress)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refused::Credentials);
        }
        let port = url.port_or_known_default().ok_or(Refused::NoAddress)?;
        let (reach, otherwise) = match url.scheme() {
            "https" if self.ports.contains(&port) => (Reach::Public, Refused::Address),
            "https" => (Reach::Opened, Refused::Port),
            "http" => (Reach::Opened, Refused::Scheme),
            _ => return Err(Refused::Scheme),
        };
        let allowed = match host {
            Host::Ipv4(address) => self.may_connect(reach, address.into()),
            Host::Ipv6(address) => self.may_connect(reach, address.into()),
            // Which addresses a name has is looked at when it is called.
            Host::Domain(_) => reach == Reach::Public || !self.allow.is_empty(),
        };
        if allowed { Ok(reach) } else { Err(otherwise) }
    }

    pub(super) fn may_connect(&self, reach: Reach, address: IpAddr) -> bool {
        let is_opened = self.allow.iter().any(|network| network.contains(address));
        is_opened || (reach == Reach::Public && is_public(address))
    }
}
