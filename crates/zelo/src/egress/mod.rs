//! Every call that leaves this machine, and where it may go.
//!
//! Addresses that customers type (a webhook, a model server) must not reach what only this machine can reach: the cloud's
//! metadata service, a database in the same network, Zelo itself. So there is one door, and it is closed by default:
//! `https`, the usual ports, public addresses. A name is resolved once and the connection goes to the address that was
//! checked, so that a name which answers differently the second time gains nothing. Redirects are answers like any other.
//! What the operator opens (`egress.allow`) may be called over `http` and on any port, too.

mod address;
mod reply;
mod rules;

pub use reply::{Failure, Reply};
pub use rules::Refused;

use crate::config::{Config, Network};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rules::{Reach, Rules};
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

/// A server that does not take the connection within this time does not take it at all.
const CONNECT: Duration = Duration::from_secs(5);
/// For a whole call, from the name to the last byte; requests may set their own.
const WHOLE: Duration = Duration::from_secs(20);
const AGENT: &str = concat!("Zelo/", env!("CARGO_PKG_VERSION"));

/// The door. Cheap to clone.
#[derive(Clone)]
pub struct Egress {
    rules: Arc<Rules>,
    /// Reaches public addresses and those that the operator opened.
    public: reqwest::Client,
    /// Reaches nothing but what the operator opened.
    opened: reqwest::Client,
}

impl Egress {
    /// The door as the settings want it.
    ///
    /// # Errors
    /// When no TLS can be set up.
    pub fn new(config: &Config) -> Result<Self, Failure> {
        Self::with_names(config.egress.allow.clone(), config.egress.ports.clone(), &system_names())
    }

    /// The door for calls to Meta, which in development may be the simulator on this machine.
    ///
    /// # Errors
    /// When no TLS can be set up.
    pub fn for_graph(config: &Config) -> Result<Self, Failure> {
        let mut allow = config.egress.allow.clone();
        if config.is_development() {
            allow.extend([Network::LOOPBACK_V4, Network::LOOPBACK_V6]);
        }
        Self::with_names(allow, config.egress.ports.clone(), &system_names())
    }

    /// A door that opens these networks and ports, and asks `names` for addresses.
    ///
    /// # Errors
    /// When no TLS can be set up.
    pub fn with_names(
        allow: Vec<Network>,
        ports: Vec<u16>,
        names: &Arc<dyn Resolve>,
    ) -> Result<Self, Failure> {
        let rules = Arc::new(Rules::new(allow, ports));
        let client = |reach| guarded(Checked { rules: rules.clone(), reach, names: names.clone() });
        let (public, opened) = (client(Reach::Public)?, client(Reach::Opened)?);
        Ok(Self { rules, public, opened })
    }

    /// Whether a call to this address could be made. A name is not looked up: that happens at each call.
    ///
    /// # Errors
    /// Why it would be refused.
    pub fn check(&self, url: &str) -> Result<reqwest::Url, Refused> {
        let url = reqwest::Url::parse(url).map_err(|_| Refused::NoAddress)?;
        self.rules.judge(&url)?;
        Ok(url)
    }

    /// Make a call and read the whole answer, whatever its status.
    ///
    /// # Errors
    /// When the address is refused, the call fails or takes too long, or the answer is too large.
    pub async fn send(&self, request: reqwest::Request) -> Result<Reply, Failure> {
        let client = self.client(self.rules.judge(request.url())?);
        reply::read(client.execute(request).await?).await
    }

    /// A client for a service whose address is a setting, such as Meta's: the caller sends it nowhere else.
    ///
    /// # Errors
    /// When calls to this address are refused.
    pub fn client_for(&self, base: &str) -> Result<reqwest::Client, Refused> {
        let url = self.check(base)?;
        Ok(self.client(self.rules.judge(&url)?).clone())
    }

    fn client(&self, reach: Reach) -> &reqwest::Client {
        match reach {
            Reach::Public => &self.public,
            Reach::Opened => &self.opened,
        }
    }
}

/// A proxy from the environment would resolve names itself, past every check, so none is used.
#[expect(clippy::disallowed_methods, reason = "this is the one client that everybody else uses")]
fn guarded(names: Checked) -> Result<reqwest::Client, reqwest::Error> {
    crate::install_crypto_provider();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .user_agent(AGENT)
        .connect_timeout(CONNECT)
        .timeout(WHOLE)
        .pool_idle_timeout(Duration::from_secs(60))
        .dns_resolver(Arc::new(names))
        .build()
}

/// A client without a guard, for the operator's own tools (`zelo simulator`, `zelo bench`, `zelo doctor`), which call
/// addresses that the operator typed at the same terminal. Never for an address out of the database.
///
/// # Errors
/// When no TLS can be set up.
#[expect(clippy::disallowed_methods, reason = "tools call the addresses of their flags, as curl would")]
pub fn client_of_a_tool() -> Result<reqwest::Client, Failure> {
    crate::install_crypto_provider();
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .pool_idle_timeout(Duration::from_secs(60));
    Ok(client.build()?)
}

/// Gives of a name's addresses only those that may be called. The connection is made to one of these and no other.
struct Checked {
    rules: Arc<Rules>,
    reach: Reach,
    names: Arc<dyn Resolve>,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (rules, reach) = (self.rules.clone(), self.reach);
        let found = self.names.resolve(name);
        Box::pin(async move {
            let allowed: Vec<SocketAddr> =
                found.await?.filter(|found| rules.may_connect(reach, found.ip())).collect();
            if allowed.is_empty() {
                return Err(Refused::Address.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

fn system_names() -> Arc<dyn Resolve> {
    Arc::new(SystemNames)
}

/// The names as this machine knows them. A port of 0 lets the caller use the address's own.
struct SystemNames;

impl Resolve for SystemNames {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<IpAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.map(|found| found.ip()).collect();
            Ok(Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}
