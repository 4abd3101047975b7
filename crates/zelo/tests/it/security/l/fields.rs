//! What answers tell of limits.

use crate::stage::{Answer, TestApp};
use reqwest::Method;
use serde_json::json;

/// One item of a list of Structured Fields (RFC 9651) whose items are strings with whole numbers as parameters: the only
/// form that the draft allows here.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Item {
    pub(super) name: String,
    pub(super) parameters: Vec<(String, i64)>,
}

impl Item {
    pub(super) fn get(&self, key: &str) -> i64 {
        self.parameters
            .iter()
            .find(|(name, _)| name == key)
            .unwrap_or_else(|| panic!("no {key} in {self:?}"))
            .1
    }
}

/// Reads strictly: anything that a parser of RFC 9651 would refuse fails the test.
fn parse(text: &str) -> Vec<Item> {
    assert!(!text.is_empty() && text.is_ascii());
    text.split(", ")
        .map(|item| {
            let mut parts = item.split(';');
            let name =
                parts.next().unwrap().strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap();
            assert!(
                !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
                "{item}"
            );
            let parameters = parts.map(|part| {
                let (key, value) = part.split_once('=').unwrap();
                assert!(key.bytes().all(|byte| byte.is_ascii_lowercase()), "{item}");
                assert!(value.len() <= 15 && (value == "0" || !value.starts_with(['0', '+', '-'])), "{item}");
                (key.to_owned(), value.parse().unwrap())
            });
            Item { name: name.to_owned(), parameters: parameters.collect() }
        })
        .collect()
}

pub(super) fn told(answer: &Answer) -> (Vec<Item>, Vec<Item>) {
    (parse(&answer.headers["ratelimit"]), parse(&answer.headers["ratelimit-policy"]))
}

#[tokio::test]
async fn l06_every_answer_tells_the_policy_what_is_left_and_when_more_is_free() {
    let app = TestApp::with_settings(&[("limits.anonymous_per_minute", "7")]).await;
    let (mut now, mut history, mut parsed) = (0_i64, Vec::new(), 0);
    // A fixed, uneven pace: bursts, pauses that end between two seconds, more than a window.
    let pauses =
        [0, 0, 250, 0, 13_700, 0, 0, 1, 20_050, 0, 0, 0, 26_000, 999, 0, 0, 61_500, 0, 0, 333, 0, 0, 0];
    for pause in pauses.into_iter().chain(pauses) {
        app.passes(pause);
        now += pause;
        let answer = app.web.call(Method::GET, None, "/api/v1/users", None).await;
        let (state, policy) = told(&answer);
        parsed += 2;
        let ([state], [policy]) = (state.as_slice(), policy.as_slice()) else {
            panic!("{state:?} {policy:?}")
        };
        assert_eq!((state.name.as_str(), policy.name.as_str()), ("anonymous", "anonymous"));
        assert_eq!((policy.get("q"), policy.get("w")), (7, 60));
        let (left, wait) = (state.get("r"), state.get("t"));
        for (then, earlier_left, earlier_wait) in &history {
            assert!(
                now >= then + earlier_wait * 1_000 || left <= *earlier_left,
                "more is left before t has passed"
            );
        }
        history.push((now, left, wait));
        if answer.status == 429 {
            assert_eq!((left, answer.headers["retry-after"].clone()), (0, wait.to_string()));
            app.passes(wait * 1_000);
            now += wait * 1_000;
            let again = app.web.call(Method::GET, None, "/api/v1/users", None).await;
            assert_eq!(again.status, 401, "it was refused after the wait that was told");
            let (state, _) = told(&again);
            history.push((now, state[0].get("r"), state[0].get("t")));
        } else {
            assert_eq!(answer.status, 401);
        }
    }
    assert_eq!(parsed, 92);
}

#[tokio::test]
async fn l06_a_refusal_is_a_problem_of_the_drafts_type() {
    let app = TestApp::with_settings(&[("limits.anonymous_per_minute", "1")]).await;
    let call = async || app.web.call(Method::GET, None, "/api/v1/users", None).await;
    assert_eq!(call().await.status, 401);
    let refused = call().await;
    assert_eq!(refused.headers["content-type"], "application/problem+json");
    assert_eq!(refused.body["type"], "https://iana.org/assignments/http-problem-types#quota-exceeded");
    assert_eq!((refused.status, &refused.body["status"]), (429, &json!(429)));
    assert_eq!(refused.body["violated-policies"], json!(["anonymous"]));
    assert!(refused.body["request_id"].is_string() && refused.body["title"].is_string());
}

#[tokio::test]
async fn l06_people_get_a_page_and_not_a_document() {
    let app = TestApp::with_settings(&[("limits.anonymous_per_minute", "1")]).await;
    let open = async || app.web.call(Method::GET, None, "/login", None).await;
    assert_eq!(open().await.status, 200);
    let refused = open().await;
    assert_eq!((refused.status, refused.headers["retry-after"].as_str()), (429, "60"));
    assert!(refused.headers["content-type"].starts_with("text/html"));
    assert!(refused.text.contains("</html>"));
    assert_eq!(told(&refused).0[0].get("r"), 0);
}

#[tokio::test]
async fn l06_several_policies_are_told_together() {
    let app =
        TestApp::with_settings(&[("limits.send_per_minute", "30"), ("limits.user_per_minute", "600")]).await;
    let ana = app.tenant("hotel").await.agent("ana").await;
    let answer = ana.post("/whatsapp/send", &json!({})).await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    let (state, policy) = told(&answer);
    let names: Vec<_> = state.iter().map(|item| item.name.as_str()).collect();
    assert_eq!(names, ["user", "send", "tenant"]);
    assert_eq!((state[0].get("r"), state[1].get("r")), (599, 29));
    assert_eq!((policy[0].get("q"), policy[1].get("q"), policy[1].get("w")), (600, 30, 60));
}
