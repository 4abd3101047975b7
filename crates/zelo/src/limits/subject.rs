//! Who is counted.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};
use uuid::Uuid;

/// The network that an address is counted under: itself for IPv4, its /64 for IPv6, of which a single customer has
/// 2^64 addresses (RFC 6177).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Prefix {
    bits: u64,
    is_v6: bool,
}

impl From<IpAddr> for Prefix {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self { bits: u64::from(address.to_bits()), is_v6: false },
            IpAddr::V6(address) => {
                let bits = u64::try_from(address.to_bits() >> 64).unwrap_or_default();
                Self { bits, is_v6: true }
            }
        }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_v6 {
            write!(out, "{}/64", Ipv6Addr::from_bits(u128::from(self.bits) << 64))
        } else {
            write!(out, "{}", Ipv4Addr::from_bits(u32::try_from(self.bits).unwrap_or_default()))
        }
    }
}

/// Who is counted: by a policy, or in a ban.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A network.
    Network(Prefix),
    /// Somebody whose browser shows that its account's owner logged in on it before, by the account's tag.
    FormerUser([u8; 8]),
    /// A user, whichever way they are signed in.
    User(Uuid),
    /// An API key.
    ApiKey(Uuid),
    /// A tenant.
    Tenant(Uuid),
    /// An account, by the blind index of its address, known or not.
    Account([u8; 16]),
    /// An account from a network.
    AccountFromNetwork([u8; 16], Prefix),
    /// An account from a browser that somebody logged in to it with before.
    AccountFromDevice([u8; 16], Uuid),
}

impl Subject {
    /// The larger ones that this one is part of: when one of them is cleared, so is this.
    pub(super) fn within(self) -> [Option<Self>; 2] {
        match self {
            Self::AccountFromNetwork(account, network) => {
                [Some(Self::Account(account)), Some(Self::Network(network))]
            }
            Self::AccountFromDevice(account, _) => [Some(Self::Account(account)), None],
            Self::Network(_)
            | Self::FormerUser(_)
            | Self::User(_)
            | Self::ApiKey(_)
            | Self::Tenant(_)
            | Self::Account(_) => [None, None],
        }
    }

    /// Its bytes, no two subjects' the same, for a keyed digest.
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let network =
            |network: Prefix| [&[u8::from(network.is_v6)][..], &network.bits.to_be_bytes()].concat();
        let (tag, parts) = match self {
            Self::Network(of) => (b'n', network(of)),
            Self::FormerUser(tag) => (b'd', tag.to_vec()),
            Self::User(id) => (b'u', id.as_bytes().to_vec()),
            Self::ApiKey(id) => (b'k', id.as_bytes().to_vec()),
            Self::Tenant(id) => (b't', id.as_bytes().to_vec()),
            Self::Account(account) => (b'a', account.to_vec()),
            Self::AccountFromNetwork(account, of) => (b'f', [&account[..], &network(of)].concat()),
            Self::AccountFromDevice(account, id) => (b'g', [&account[..], id.as_bytes()].concat()),
        };
        [&[tag], parts.as_slice()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(address: &str) -> Prefix {
        Prefix::from(address.parse::<IpAddr>().unwrap())
    }

    #[test]
    fn a_customers_network_counts_as_one() {
        assert_eq!(prefix("2001:db8:1:2::7"), prefix("2001:db8:1:2:ffff::1"));
        assert_ne!(prefix("2001:db8:1:2::7"), prefix("2001:db8:1:3::7"));
        assert_eq!(prefix("::ffff:203.0.113.9"), prefix("203.0.113.9"));
        assert_ne!(prefix("203.0.113.9"), prefix("203.0.113.8"));
        // An IPv4 address is not the IPv6 network with the same bits.
        assert_ne!(prefix("0.0.0.1"), prefix("0:0:0:1::"));
        assert_eq!(prefix("2001:db8:1:2::7").to_string(), "2001:db8:1:2::/64");
        assert_eq!(prefix("203.0.113.9").to_string(), "203.0.113.9");
    }
}
