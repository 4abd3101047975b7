//! Devices that are known: a signed cookie from an earlier good log-in.
//!
//! Somebody who guesses at an account from elsewhere uses up the tries of strangers; the owner's own browser has tries
//! of its own and is not kept out (OWASP, "Slow Down Online Guessing Attacks with Device Cookies"). The cookie gives no
//! right to anything but to be counted apart.

use crate::{
    clock::{DAY, Millis},
    config::Config,
};
use aws_lc_rs::hmac;
use axum::http::{HeaderMap, header};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

const VERSION: u8 = 1;
/// Version, account tag, device, time of issue.
const SIGNED: usize = 1 + 8 + 16 + 8;
const LENGTH: usize = SIGNED + 16;
/// How long a device stays known without a log-in, in days.
const KEPT_DAYS: i64 = 180;
/// How many accounts a shared browser is remembered for.
const MOST_ACCOUNTS: usize = 4;

/// What a browser shows of earlier log-ins; believed only where the signature fits.
#[derive(Debug, Clone, Default)]
pub(super) struct DeviceCookie {
    text: String,
}

/// A browser that somebody has logged in with.
#[derive(Debug)]
pub struct KnownBrowser {
    /// Its name, which no other browser has and nobody can forge.
    pub device: Uuid,
    /// The `Set-Cookie` by which it will be known.
    pub set_cookie: String,
}

/// A token that was signed here: which device, and whose account, by a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Token {
    account_tag: [u8; 8],
    device: Uuid,
    issued_at: Millis,
}

/// The cookie's name. Browsers take `__Host-` only over TLS and for one host, which is what production wants.
fn name(is_development: bool) -> &'static str {
    if is_development { "zelo_known" } else { "__Host-zelo_known" }
}

impl DeviceCookie {
    /// Read it from headers.
    pub(super) fn read(headers: &HeaderMap, is_development: bool) -> Self {
        let name = name(is_development);
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
        let text = cookies
            .flat_map(|cookies| cookies.split(';'))
            .find_map(|cookie| cookie.trim().strip_prefix(name)?.strip_prefix('='))
            .unwrap_or_default();
        Self { text: text.to_owned() }
    }

    fn tokens(&self, secret: &[u8; 32], now: Millis) -> impl Iterator<Item = Token> {
        let texts = self.text.split('.').take(MOST_ACCOUNTS);
        texts.filter_map(move |text| Token::open(text, secret, now))
    }

    /// The device, if somebody logged in to this account on it.
    pub(super) fn device_of(&self, secret: &[u8; 32], account: &[u8; 16], now: Millis) -> Option<Uuid> {
        let tag = tag(secret, account);
        self.tokens(secret, now).find(|token| token.account_tag == tag).map(|token| token.device)
    }

    /// Whose device it is, by the tag of the account that logged in last.
    pub(super) fn owner(&self, secret: &[u8; 32], now: Millis) -> Option<[u8; 8]> {
        self.tokens(secret, now).next().map(|token| token.account_tag)
    }

    /// The browser, with a cookie that also remembers this account's log-in. `new_device` names a browser that has no name yet.
    pub(super) fn remember(
        &self,
        config: &Config,
        secret: &[u8; 32],
        account: &[u8; 16],
        new_device: Uuid,
        now: Millis,
    ) -> KnownBrowser {
        let known: Vec<_> = self.tokens(secret, now).collect();
        let device = known.first().map_or(new_device, |token| token.device);
        let account_tag = tag(secret, account);
        let mut tokens = vec![Token { account_tag, device, issued_at: now }];
        tokens.extend(known.into_iter().filter(|token| token.account_tag != account_tag));
        let texts: Vec<_> = tokens.iter().take(MOST_ACCOUNTS).map(|token| token.seal(secret)).collect();
        let is_development = config.is_development();
        let secure = if is_development { "" } else { "; Secure" };
        let set_cookie = format!(
            "{}={}; HttpOnly; SameSite=Strict; Path=/; Max-Age={}{secure}",
            name(is_development),
            texts.join("."),
            KEPT_DAYS * DAY / 1_000
        );
        KnownBrowser { device, set_cookie }
    }
}

impl Token {
    fn seal(&self, secret: &[u8; 32]) -> String {
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.account_tag);
        bytes.extend_from_slice(self.device.as_bytes());
        bytes.extend_from_slice(&self.issued_at.to_be_bytes());
        let signature = sign(secret, b"device cookie", &bytes);
        bytes.extend(signature.as_ref().iter().take(LENGTH - SIGNED));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn open(text: &str, secret: &[u8; 32], now: Millis) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == LENGTH)?;
        let (signed, given) = bytes.split_at_checked(SIGNED)?;
        let expected = sign(secret, b"device cookie", signed);
        let expected = expected.as_ref().get(..LENGTH - SIGNED)?;
        aws_lc_rs::constant_time::verify_slices_are_equal(expected, given).ok()?;
        let (version, rest) = signed.split_first()?;
        let (account_tag, rest) = rest.split_at_checked(8)?;
        let (device, issued_at) = rest.split_at_checked(16)?;
        let issued_at = Millis::from_be_bytes(issued_at.try_into().ok()?);
        let is_current = *version == VERSION && now - issued_at < KEPT_DAYS * DAY;
        let (account_tag, device) = (account_tag.try_into().ok()?, Uuid::from_slice(device).ok()?);
        is_current.then_some(Self { account_tag, device, issued_at })
    }
}

fn sign(secret: &[u8; 32], purpose: &[u8], bytes: &[u8]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret));
    context.update(purpose);
    context.update(bytes);
    context.sign()
}

/// Tells accounts apart without naming them to who reads the cookie.
fn tag(secret: &[u8; 32], account: &[u8; 16]) -> [u8; 8] {
    let mut tag = [0; 8];
    let signature = sign(secret, b"account of a device", account);
    tag.iter_mut().zip(signature.as_ref()).for_each(|(to, from)| *to = *from);
    tag
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;

    const SECRET: [u8; 32] = [7; 32];
    const ANA: [u8; 16] = [1; 16];
    const BETO: [u8; 16] = [2; 16];

    fn cookie(set: &str) -> DeviceCookie {
        let pair = set.split(';').next().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, format!("theme=dark; {pair}").parse().unwrap());
        DeviceCookie::read(&headers, true)
    }

    fn config() -> Config {
        Config::load(&Sources::default().with_flag("environment", "development", "test")).unwrap()
    }

    #[test]
    fn a_browser_is_known_for_those_who_logged_in_with_it_and_nobody_else() {
        let (first, second) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let set = DeviceCookie::default().remember(&config(), &SECRET, &ANA, first, 0).set_cookie;
        assert!(set.contains("HttpOnly") && set.contains("SameSite=Strict"));
        let anas = cookie(&set);
        assert_eq!(anas.device_of(&SECRET, &ANA, 5), Some(first));
        assert_eq!(anas.device_of(&SECRET, &BETO, 5), None);
        let both = cookie(&anas.remember(&config(), &SECRET, &BETO, second, 5).set_cookie);
        assert_eq!(both.device_of(&SECRET, &ANA, 5), Some(first));
        assert_eq!(both.device_of(&SECRET, &BETO, 5), Some(first), "it is the same browser");
        assert_eq!(both.owner(&SECRET, 5), Some(tag(&SECRET, &BETO)));
        assert_eq!(both.device_of(&SECRET, &ANA, 181 * DAY), None, "it was not used for half a year");
    }

    #[test]
    fn a_forged_or_altered_cookie_is_nobodys() {
        let set =
            DeviceCookie::default().remember(&config(), &SECRET, &ANA, Uuid::from_u128(1), 0).set_cookie;
        let text = set.split(['=', ';']).nth(1).unwrap().to_owned();
        assert_eq!(DeviceCookie { text: text.clone() }.device_of(&[8; 32], &ANA, 5), None);
        for position in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
            let altered = DeviceCookie { text: String::from_utf8(bytes).unwrap() };
            assert_eq!(altered.device_of(&SECRET, &ANA, 5), None, "{position}");
        }
        for nonsense in ["", ".", "....", "AAAA", "é"] {
            assert_eq!(DeviceCookie { text: nonsense.into() }.owner(&SECRET, 5), None);
        }
    }
}
