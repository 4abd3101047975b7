//! Outgoing calls reach nothing that only this machine can reach.

use reqwest::{
    Method, Request, Url,
    dns::{Addrs, Name, Resolve, Resolving},
};
use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use zelo::{
    config::Network,
    egress::{Egress, Failure, Refused},
};

/// A server on this machine that nobody may reach: it counts who tries.
struct Canary {
    address: SocketAddr,
    visits: Arc<AtomicUsize>,
}

impl Canary {
    /// `answer` is what it says to those who come.
    #[expect(clippy::disallowed_methods, reason = "the server ends with the test's runtime")]
    async fn listen(answer: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, visits) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
        let counter = visits.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { address, visits }
    }

    fn visits(&self) -> usize {
        self.visits.load(Ordering::SeqCst)
    }
}

fn answer(head: &str, body: &str) -> String {
    format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

/// A name server in the hands of an attacker. What it says is a matter of how often it was asked.
struct EvilNames {
    says: Vec<Vec<&'static str>>,
    asked: AtomicUsize,
}

impl EvilNames {
    fn that_say(says: &[&[&'static str]]) -> Arc<Self> {
        let says = says.iter().map(|answer| answer.to_vec()).collect();
        Arc::new(Self { says, asked: AtomicUsize::new(0) })
    }
}

impl Resolve for EvilNames {
    fn resolve(&self, _: Name) -> Resolving {
        let turn = self.asked.fetch_add(1, Ordering::SeqCst).min(self.says.len() - 1);
        let said: Vec<SocketAddr> =
            self.says[turn].iter().map(|ip| SocketAddr::new(ip.parse::<IpAddr>().unwrap(), 0)).collect();
        Box::pin(async move { Ok(Box::new(said.into_iter()) as Addrs) })
    }
}

fn network(text: &str) -> Network {
    Network::try_from(text.to_owned()).unwrap()
}

/// A door that takes the canary's port for a usual one, so that nothing but the address can keep a call from it.
fn door(canary: &Canary, allow: &[&str], names: Arc<EvilNames>) -> Egress {
    let names: Arc<dyn Resolve> = names;
    let allow = allow.iter().map(|text| network(text)).collect();
    Egress::with_names(allow, vec![443, 8443, canary.address.port()], &names).unwrap()
}

/// As a customer's webhook is called: checked when it is saved, then sent to.
async fn call(door: &Egress, url: &str) -> Result<zelo::egress::Reply, Failure> {
    let url = door.check(url)?;
    door.send(Request::new(Method::POST, url)).await
}

/// Hosts behind which a machine's own services, its neighbours or nobody are, in every spelling that parsers take.
const HOSTS: &[&str] = &[
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "2130706433",
    "017700000001",
    "0x7f000001",
    "0x7f.0.0.1",
    "0x7f.1",
    "0177.0.0.1",
    "127.0.0.01",
    "127.0.0.1.",
    "%31%32%37.0.0.1",
    "①②⑦.⓪.⓪.①",
    "0",
    "0.0.0.0",
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "[::ffff:169.254.169.254]",
    "[fd00:ec2::254]",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "100.64.0.1",
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "192.168.1.1",
    "198.18.0.1",
    "192.0.2.1",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "[fc00::1]",
    "[fd12:3456:789a::1]",
    "[fe80::1]",
    "[ff02::1]",
    "[2001:db8::1]",
];

#[tokio::test]
async fn i05_sixty_ways_to_this_machine_and_its_neighbours_are_closed() {
    let canary = Canary::listen(answer("200 OK", "secret")).await;
    let port = canary.address.port();
    let home = EvilNames::that_say(&[&["127.0.0.1"]]);
    let closed = door(&canary, &[], home.clone());

    let mut targets: Vec<String> = HOSTS.iter().map(|host| format!("https://{host}:{port}/")).collect();
    for tricky in [
        // The host is what stands behind the @.
        format!("https://graph.facebook.com@127.0.0.1:{port}/"),
        format!("https://graph.facebook.com:443@127.0.0.1:{port}/"),
        // A backslash ends the host in a browser's eyes, and behind it comes another one in other parsers'.
        format!("https://127.0.0.1:{port}\\@graph.facebook.com/"),
        format!("https://127.0.0.1:{port}#@graph.facebook.com/"),
        // Names that lead home.
        format!("https://localhost:{port}/"),
        format!("https://metadata.google.internal:{port}/"),
        // Neither encrypted nor the web.
        format!("http://127.0.0.1:{port}/"),
        format!("http://localhost:{port}/"),
        "file:///etc/passwd".to_owned(),
        "gopher://127.0.0.1:6379/_FLUSHALL".to_owned(),
        // A usual server on an unusual port is somebody's database.
        "https://graph.facebook.com:6379/".to_owned(),
    ] {
        targets.push(tricky);
    }
    assert!(targets.len() >= 60, "only {} targets", targets.len());
    for target in &targets {
        match call(&closed, target).await {
            Err(Failure::Refused(_)) => {}
            other => panic!("{target} was not refused: {other:?}"),
        }
    }
    assert_eq!(canary.visits(), 0);

    // The canary sings for those whom the operator lets in: it is the guard that kept it silent.
    let opened = door(&canary, &["127.0.0.0/8"], home);
    let heard = call(&opened, &format!("http://name.example:{port}/")).await.unwrap();
    assert_eq!((heard.status.as_u16(), &*heard.body, canary.visits()), (200, &b"secret"[..], 1));
}

#[tokio::test]
async fn i05_a_name_that_changes_its_mind_leads_nowhere() {
    let canary = Canary::listen(answer("200 OK", "secret")).await;
    let port = canary.address.port();
    let target = format!("https://rebind.example:{port}/");

    // A public address when it is saved, this machine when it is called. Nobody answers at the first one.
    for says in [
        &[&["127.0.0.1"][..]][..],
        &[&["::ffff:127.0.0.1", "10.0.0.1", "169.254.169.254"]],
        &[&["::1", "fd00::1"]],
        &[&[]],
    ] {
        let names = EvilNames::that_say(says);
        let closed = door(&canary, &[], names.clone());
        closed.check(&target).expect("a name alone says nothing");
        let refused = call(&closed, &target).await;
        assert!(matches!(refused, Err(Failure::Refused(Refused::Address))), "{says:?}: {refused:?}");
        assert_eq!(names.asked.load(Ordering::SeqCst), 1, "what was checked is what is called");
    }

    // Of a mixed answer only what may be called is: the network that was opened, where nobody listens.
    let names = EvilNames::that_say(&[&["127.0.0.1", "127.0.0.2"]]);
    let half = door(&canary, &["127.0.0.2/32"], names);
    assert!(matches!(call(&half, &target).await, Err(Failure::Failed(_))));
    assert_eq!(canary.visits(), 0);
}

#[tokio::test]
async fn i05_a_redirect_is_an_answer_and_a_flood_is_cut_off() {
    let canary = Canary::listen(answer("200 OK", "secret")).await;
    let location = format!("302 Found\r\nlocation: http://127.0.0.1:{}/", canary.address.port());
    let redirects = Canary::listen(answer(&location, "")).await;
    let floods = Canary::listen(answer("200 OK", &"a".repeat(1024 * 1024 + 1))).await;
    let names = EvilNames::that_say(&[&["127.0.0.1"]]);
    let opened = door(&canary, &["127.0.0.1"], names);

    let answered = call(&opened, &format!("http://{}/", redirects.address)).await.unwrap();
    assert_eq!((answered.status.as_u16(), redirects.visits(), canary.visits()), (302, 1, 0));
    let flooded = call(&opened, &format!("http://{}/", floods.address)).await;
    assert!(matches!(flooded, Err(Failure::TooLarge)), "{flooded:?}");
}

#[tokio::test]
async fn i05_a_refusal_says_what_to_change_and_keeps_the_address_to_itself() {
    let canary = Canary::listen(answer("200 OK", "secret")).await;
    let closed = door(&canary, &[], EvilNames::that_say(&[&["127.0.0.1"]]));
    for (url, refused) in [
        ("ftp://example.com/", Refused::Scheme),
        ("http://example.com/", Refused::Scheme),
        ("https://example.com:22/", Refused::Port),
        ("https://ana:geheim@example.com/", Refused::Credentials),
        ("https://10.0.0.1/", Refused::Address),
        ("example.com", Refused::NoAddress),
        ("https://", Refused::NoAddress),
    ] {
        assert_eq!(closed.check(url), Err(refused), "{url}");
    }
    let failed = closed.send(Request::new(Method::GET, Url::parse("https://x.example/?key=geheim").unwrap()));
    let text = format!("{:?}", failed.await.unwrap_err());
    assert!(!text.contains("geheim"), "{text}");
}
