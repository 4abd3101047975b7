//! Who sent a request: the address at the other end, or the one that a trusted proxy heard.

use crate::config::Network;
use axum::{
    extract::{ConnectInfo, FromRequestParts, Request},
    http::{HeaderMap, header, request::Parts},
};
use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

/// Where proxies write whom they heard; each adds to the end.
const FORWARDED_FOR: &str = "x-forwarded-for";
/// The most proxies that a request may pass: a longer list is nobody's real one and is not read further.
const MOST_PROXIES: usize = 16;
/// How much of a client's name for itself is kept, in bytes.
const LONGEST_AGENT: usize = 256;

/// The address of the client of a request, an IPv4 address never in IPv6 dress.
///
/// It comes from the connection. Only when that is one of `server.trusted_proxies`, what the proxy wrote into
/// `X-Forwarded-For` is believed: the last entry that is not itself a trusted proxy. `Forwarded` and `X-Real-IP` are not
/// read at all, because proxies that do not know them pass on what a client wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub IpAddr);

/// Who sent a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// From where.
    pub address: ClientAddress,
    /// What it says it is, cut to 256 bytes: its own word, which proves nothing.
    pub user_agent: Option<Arc<str>>,
}

impl Client {
    pub(super) fn of(request: &Request, proxies: &Proxies) -> Self {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
        let headers = request.headers();
        let address = ClientAddress(proxies.client_of(peer.unwrap_or(UNKNOWN), headers));
        let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        let user_agent = agent.and_then(|agent| agent.get(..agent.len().min(LONGEST_AGENT))).map(Arc::from);
        Self { address, user_agent }
    }
}

/// The address of a request that came over no connection, as in tests of single routes.
const UNKNOWN: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().copied().unwrap_or(Self(UNKNOWN)))
    }
}

/// The proxies whose word is believed.
#[derive(Debug, Clone)]
pub(super) struct Proxies {
    trusted: Vec<Network>,
}

impl Proxies {
    pub(super) fn new(trusted: &[Network]) -> Self {
        Self { trusted: trusted.to_vec() }
    }

    fn trust(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(address))
    }

    /// Follow the chain of proxies back from the connection, as long as each one is trusted. An entry that is no address
    /// ends it: what stands before was written by somebody unknown.
    fn client_of(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        if !self.trust(client) {
            return client;
        }
        let lines: Vec<_> = headers.get_all(FORWARDED_FOR).iter().collect();
        let hops = lines.into_iter().rev().flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        for hop in hops.take(MOST_PROXIES) {
            let Some(address) = address_of(hop) else { break };
            client = address;
            if !self.trust(client) {
                break;
            }
        }
        client
    }
}

/// An entry as proxies write it: an address, with a port behind it or not.
fn address_of(entry: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(entry).ok()?.trim();
    let address = text.parse::<IpAddr>().ok().or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(trusted: &[&str], peer: &str, forwarded: &[&str]) -> String {
        let trusted: Vec<_> =
            trusted.iter().map(|network| Network::try_from((*network).to_owned()).unwrap()).collect();
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        Proxies::new(&trusted).client_of(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn a_strangers_word_about_its_address_is_not_believed() {
        assert_eq!(client(&[], "203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(client(&["10.0.0.0/8"], "203.0.113.9", &["198.51.100.1", "10.0.0.1"]), "203.0.113.9");
        assert_eq!(client(&[], "::ffff:203.0.113.9", &[]), "203.0.113.9");
    }

    #[test]
    fn behind_trusted_proxies_the_last_stranger_is_the_client() {
        let trusted = ["10.0.0.0/8", "2001:db8:1::/48"];
        assert_eq!(client(&trusted, "10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        // What the client itself wrote stands before what the proxy added.
        assert_eq!(client(&trusted, "10.0.0.1", &["192.0.2.66, 198.51.100.1"]), "198.51.100.1");
        assert_eq!(client(&trusted, "10.0.0.1", &["192.0.2.66", "198.51.100.1, 10.0.0.2"]), "198.51.100.1");
        assert_eq!(client(&trusted, "::ffff:10.0.0.1", &["198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(client(&trusted, "2001:db8:1::7", &["[2001:db8:9::1]:443"]), "2001:db8:9::1");
    }

    #[test]
    fn what_is_no_address_ends_the_chain_at_the_proxy_that_wrote_it() {
        let trusted = ["10.0.0.0/8"];
        for nonsense in ["", "unknown", "198.51.100.1, _hidden", "198.51.100.1,", "999.1.1.1", "a, b, c"] {
            assert_eq!(client(&trusted, "10.0.0.1", &[nonsense]), "10.0.0.1", "{nonsense:?}");
        }
        let endless = ["10.0.0.2"; 100].join(", ");
        assert_eq!(client(&trusted, "10.0.0.1", &["198.51.100.1", &endless]), "10.0.0.2");
    }
}
