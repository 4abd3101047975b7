//! Whether this machine's clock is right, by the clock of Meta's servers.

use super::Check;
use crate::{
    clock::{Clock, MINUTE, Millis, SECOND},
    config::Config,
    egress::Egress,
};
use reqwest::{Method, Request};
use std::time::Duration;

const NAME: &str = "clock";
/// A step of one-time codes, of which the present one and the one before are taken: who is off by more refuses good ones.
const WORTH_A_WORD: Millis = 30 * SECOND;
/// More shows messages in the wrong order, and lets windows, tokens and links end at wrong times.
const TOLERANCE: Millis = 5 * MINUTE;

pub(super) async fn check(config: &Config) -> Check {
    let theirs = ask(config).await;
    judge(Clock::of_the_host().now(), theirs)
}

/// What time a server has, by the `Date` that every answer carries (RFC 9110, section 6.6.1).
async fn ask(config: &Config) -> Option<Millis> {
    let door = Egress::for_graph(config).ok()?;
    let url = door.check(&config.whatsapp.graph_base_url).ok()?;
    let mut request = Request::new(Method::HEAD, url);
    *request.timeout_mut() = Some(Duration::from_secs(5));
    let answer = door.send(request).await.ok()?;
    let date = answer.headers.get("date")?.to_str().ok()?;
    parse(date)
}

fn parse(date: &str) -> Option<Millis> {
    Some(chrono::DateTime::parse_from_rfc2822(date).ok()?.timestamp_millis())
}

fn judge(ours: Millis, theirs: Option<Millis>) -> Check {
    let Some(theirs) = theirs else {
        return Check::warn(
            NAME,
            "cannot check: the Graph API did not answer",
            "let this machine reach whatsapp.graph_base_url; without it nothing can be sent either",
        );
    };
    let off = ours - theirs;
    let word = if off > 0 { "fast" } else { "slow" };
    let detail = format!("this machine's clock is {} s {word}", off.abs() / 1000);
    let cure = "let it be set by NTP: timedatectl set-ntp true";
    if off.abs() > TOLERANCE {
        return Check::fail(NAME, detail, cure);
    }
    if off.abs() > WORTH_A_WORD {
        return Check::warn(NAME, format!("{detail}: codes of authenticator apps are refused"), cure);
    }
    Check::ok(NAME, format!("within {} s of Meta's", off.abs() / 1000))
}

#[cfg(test)]
mod tests {
    use super::{super::Verdict, *};

    #[test]
    fn a_clock_that_is_off_by_a_step_of_one_time_codes_is_warned_of_and_by_five_minutes_fails() {
        let now = parse("Sat, 21 Nov 2026 12:00:00 GMT").unwrap();
        assert_eq!(now, 1_795_262_400_000);
        for (off, status) in [
            (0, Verdict::Ok),
            (WORTH_A_WORD, Verdict::Ok),
            (-WORTH_A_WORD, Verdict::Ok),
            (WORTH_A_WORD + 1, Verdict::Warn),
            (-WORTH_A_WORD - 1, Verdict::Warn),
            (TOLERANCE, Verdict::Warn),
            (-TOLERANCE, Verdict::Warn),
            (TOLERANCE + 1, Verdict::Fail),
            (-TOLERANCE - 1, Verdict::Fail),
        ] {
            assert_eq!(judge(now + off, Some(now)).status, status, "{off}");
        }
        assert!(judge(now - 600_000, Some(now)).detail.contains("600 s slow"));
    }

    #[test]
    fn a_silent_server_leaves_the_question_open() {
        let check = judge(0, None);
        assert_eq!(check.status, Verdict::Warn);
        assert!(check.detail.starts_with("cannot check"));
    }
}
