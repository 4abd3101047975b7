//! Networks of addresses, as operators write them: `10.0.0.0/8`, `::1`.

use serde::Deserialize;
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// A network, or a single address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// The text is no network.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no network: write an address, or an address with its prefix such as 10.0.0.0/8")]
pub struct NetworkError(String);

impl Network {
    /// This machine.
    pub const LOOPBACK_V4: Self = Self { address: IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), prefix: 8 };
    /// This machine, in IPv6.
    pub const LOOPBACK_V6: Self = Self { address: IpAddr::V6(Ipv6Addr::LOCALHOST), prefix: 128 };

    /// Whether the address lies in this network. An IPv4 address that comes in IPv6 dress (`::ffff:10.0.0.1`), as on
    /// a socket that listens for both, counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address.to_canonical(), address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differ = own.to_bits() ^ other.to_bits();
                u32::from(self.prefix) <= differ.leading_zeros()
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differ = own.to_bits() ^ other.to_bits();
                u32::from(self.prefix) <= differ.leading_zeros()
            }
            _ => false,
        }
    }
}

impl TryFrom<String> for Network {
    type Error = NetworkError;

    fn try_from(text: String) -> Result<Self, NetworkError> {
        let parse = || {
            let (address, prefix) = match text.trim().split_once('/') {
                Some((address, prefix)) => (address, Some(prefix.parse::<u8>().ok()?)),
                None => (text.trim(), None),
            };
            let address: IpAddr = address.parse().ok()?;
            let widest = if address.is_ipv4() { 32 } else { 128 };
            let prefix = prefix.unwrap_or(widest);
            (prefix <= widest).then_some(Self { address, prefix })
        };
        parse().ok_or(NetworkError(text))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        Network::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn a_network_holds_its_own_addresses_and_no_others() {
        let office = network("10.20.0.0/16");
        for inside in ["10.20.0.0", "10.20.255.255", "::ffff:10.20.3.4"] {
            assert!(office.contains(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["10.21.0.0", "10.19.255.255", "::1", "2001:db8::a14:1"] {
            assert!(!office.contains(outside.parse().unwrap()), "{outside}");
        }
        assert!(network("::1").contains("::1".parse().unwrap()));
        assert!(!network("::1").contains("::2".parse().unwrap()));
        assert!(network("0.0.0.0/0").contains("203.0.113.9".parse().unwrap()));
    }

    #[test]
    fn a_text_that_is_no_network_is_refused() {
        for wrong in ["", "10.0.0.0/33", "::1/129", "10.0.0/8", "example.com", "10.0.0.0/", "10.0.0.0/-1"] {
            assert!(Network::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
