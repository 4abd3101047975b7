//! Everything that a number needs at Meta, tried one after the other, with the cure for what is not in order.

use crate::{
    app::App,
    channels::{self, Channel},
    clock::{DAY, SECOND},
    error::Result,
    pages::{
        locale::{Lang, t},
        meta_words::limit,
    },
    templates,
    tenants::TenantScope,
};
use serde::{Deserialize, Serialize};
use whatsapp::{
    client::{AccessToken, NumberInfo, SendError, Subscriber, TokenInfo},
    signature::AppSecret,
};

/// What a token has to be allowed.
const SCOPES: [&str; 2] = ["whatsapp_business_management", "whatsapp_business_messaging"];
/// What the app has to hear of. Without the first nothing comes in; without the others something is not known.
const FIELDS: [&str; 8] = [
    "messages",
    "message_template_status_update",
    "message_template_quality_update",
    "message_template_components_update",
    "template_category_update",
    "phone_number_quality_update",
    "account_update",
    "user_preferences",
];
/// A token that ends sooner should be changed now.
const SOON: i64 = 7 * DAY;

/// The words for what Meta did not answer, or refused to tell.
const UNKNOWN: &str = "check-unknown";

/// How one thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// In order.
    Ok,
    /// It works, and somebody should look at it.
    Warning,
    /// Messages do not come in or do not leave.
    Failed,
}

/// One thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its name, for programs.
    pub name: &'static str,
    /// How it stands.
    pub verdict: Verdict,
    said: &'static str,
    cure: Option<&'static str>,
    what: String,
}

impl Finding {
    fn ok(name: &'static str, said: &'static str, what: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Ok, said, cure: None, what: what.into() }
    }

    fn warning(name: &'static str, said: &'static str, cure: &'static str, what: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Warning, said, cure: Some(cure), what: what.into() }
    }

    fn failed(name: &'static str, said: &'static str, cure: &'static str, what: impl Into<String>) -> Self {
        Self { verdict: Verdict::Failed, ..Self::warning(name, said, cure, what) }
    }

    /// Meta did not answer, or refused to tell.
    fn unknown(name: &'static str, error: &SendError) -> Self {
        Self::warning(name, UNKNOWN, "check-unknown-cure", words(error))
    }

    /// Whether it could not be tried.
    pub fn is_unknown(&self) -> bool {
        self.said == UNKNOWN
    }

    /// How it stands, in words.
    pub fn text(&self, lang: Lang) -> String {
        let what = if self.name == "limits" { limit(lang, &self.what) } else { self.what.clone() };
        t(lang, self.said, &[("name", what.into())])
    }

    /// What helps, in words; nothing where all is in order.
    pub fn cure(&self, lang: Lang) -> Option<String> {
        self.cure.map(|cure| t(lang, cure, &[("name", self.what.clone().into())]))
    }
}

fn words(error: &SendError) -> String {
    error.graph_error().map_or_else(|| error.to_string(), |meta| meta.text().to_owned())
}

/// What a check found.
#[derive(Debug)]
pub struct Checked {
    /// What Meta says of the number, where it answered.
    pub number: Option<NumberInfo>,
    /// Each thing that was tried, in the order in which a message needs them.
    pub findings: Vec<Finding>,
}

impl Checked {
    /// Whether nothing failed.
    pub fn is_good(&self) -> bool {
        self.findings.iter().all(|finding| finding.verdict != Verdict::Failed)
    }
}

/// Try everything that a number needs, and learn how many messages a second Meta grants it.
///
/// # Errors
/// When the database or the keystore does not answer; what Meta answers is a finding.
pub async fn check(app: &App, scope: TenantScope, channel: &Channel) -> Result<Checked> {
    let checked = look(app, scope, channel).await?;
    if let Some(info) = &checked.number {
        channels::learn_throughput(app, scope, channel.id, info).await?;
    }
    Ok(checked)
}

/// The same without writing anything.
///
/// # Errors
/// As [`check`].
pub async fn look(app: &App, scope: TenantScope, channel: &Channel) -> Result<Checked> {
    let credentials = channels::credentials(app, scope, channel.id).await?;
    let token = AccessToken::new(credentials.access_token.clone());
    let mut findings = Vec::new();
    let info = app.graph.token_info(&token).await;
    findings.extend(of_token(app, &info));
    let number = app.graph.check(&channel.phone_number_id, &token).await;
    match &number {
        Ok(info) => findings.extend(of_number(info)),
        Err(error @ SendError::Rejected { .. }) => {
            findings.push(Finding::failed(
                "number",
                "check-number-failed",
                "check-number-cure",
                words(error),
            ));
        }
        Err(error) => findings.push(Finding::unknown("number", error)),
    }
    findings.push(of_account(app, channel, &token).await);
    let own_app = info.as_ref().ok().map(|info| info.app_id.as_str());
    findings.push(of_subscription(app, channel, &token, own_app, number.as_ref().ok()).await);
    if let Ok(info) = &info {
        findings.push(of_fields(app, info, &credentials.app_secret).await);
    }
    findings.push(of_signature(app, channel, &credentials.app_secret));
    findings.push(of_verify_token(app, channel, &credentials.verify_token));
    findings.push(of_templates(app, scope, channel).await?);
    Ok(Checked { number: number.ok(), findings })
}

fn of_token(app: &App, info: &std::result::Result<TokenInfo, SendError>) -> Vec<Finding> {
    let info = match info {
        Ok(info) => info,
        Err(error @ SendError::Rejected { .. }) => {
            return vec![Finding::failed("token", "check-token-failed", "check-token-cure", words(error))];
        }
        Err(error) => return vec![Finding::unknown("token", error)],
    };
    let ends = info.expires_at.filter(|at| *at > 0).map(|at| at.saturating_mul(SECOND));
    let token = match ends {
        _ if !info.is_valid => Finding::failed("token", "check-token-failed", "check-token-cure", ""),
        Some(ends) if ends - app.clock.now() < SOON => {
            Finding::warning("token", "check-token-ends", "check-token-cure", crate::api::rfc3339(ends))
        }
        _ => Finding::ok("token", "check-token-ok", ""),
    };
    let missing: Vec<&str> =
        SCOPES.into_iter().filter(|scope| !info.scopes.iter().any(|own| own == scope)).collect();
    let scopes = if missing.is_empty() {
        Finding::ok("scopes", "check-scopes-ok", "")
    } else {
        Finding::failed("scopes", "check-scopes-failed", "check-scopes-cure", missing.join(", "))
    };
    vec![token, scopes]
}

fn of_number(info: &NumberInfo) -> Vec<Finding> {
    let name = info.verified_name.clone().unwrap_or_else(|| info.id.clone());
    let number = match info.code_verification_status.as_deref() {
        Some("NOT_VERIFIED" | "EXPIRED") => {
            Finding::warning("number", "check-number-unverified", "check-number-unverified-cure", name)
        }
        _ => Finding::ok("number", "check-number-ok", name),
    };
    let rating = info.quality_rating.clone().unwrap_or_default();
    let quality = match rating.as_str() {
        "GREEN" => Finding::ok("quality", "check-quality-high", rating),
        "YELLOW" => Finding::warning("quality", "check-quality-medium", "check-quality-cure", rating),
        "RED" => Finding::warning("quality", "check-quality-low", "check-quality-cure", rating),
        _ => Finding::ok("quality", "check-quality-unknown", rating),
    };
    let limit = info.whatsapp_business_manager_messaging_limit.clone().unwrap_or_default();
    let limits = match limit.as_str() {
        "TIER_50" | "TIER_250" => Finding::warning("limits", "check-limits-low", "check-limits-cure", limit),
        _ => Finding::ok("limits", "check-limits-ok", limit),
    };
    vec![number, quality, limits]
}

async fn of_account(app: &App, channel: &Channel, token: &AccessToken) -> Finding {
    let info = match app.graph.account_info(&channel.waba_id, token).await {
        Ok(info) => info,
        Err(error @ SendError::Rejected { .. }) => {
            return Finding::failed("account", "check-account-failed", "check-account-cure", words(&error));
        }
        Err(error) => return Finding::unknown("account", &error),
    };
    let health = info.health_status.unwrap_or_default();
    let problems: Vec<String> = health
        .entities
        .iter()
        .flat_map(|entity| &entity.errors)
        .map(|error| format!("{} {}", error.error_description, error.possible_solution).trim().to_owned())
        .collect();
    let review = info.account_review_status.unwrap_or_default();
    match health.can_send_message.as_str() {
        "BLOCKED" => Finding::failed(
            "account",
            "check-account-blocked",
            "check-account-limited-cure",
            problems.join(" "),
        ),
        "LIMITED" => Finding::warning(
            "account",
            "check-account-limited",
            "check-account-limited-cure",
            problems.join(" "),
        ),
        _ if matches!(review.as_str(), "REJECTED" | "RESTRICTED") => {
            Finding::failed("account", "check-account-review", "check-account-limited-cure", review)
        }
        _ => Finding::ok("account", "check-account-ok", ""),
    }
}

/// Whether the token's own app hears of the account, and whether messages are led here.
async fn of_subscription(
    app: &App,
    channel: &Channel,
    token: &AccessToken,
    own_app: Option<&str>,
    number: Option<&NumberInfo>,
) -> Finding {
    let name = "subscription";
    let subscribers = match app.graph.list_subscribers(&channel.waba_id, token).await {
        Ok(subscribers) => subscribers,
        Err(error) => return Finding::unknown(name, &error),
    };
    let Some(first) = subscribers.first() else {
        return Finding::failed(name, "check-subscription-none", "check-subscription-cure", "");
    };
    let is_own = |it: &&Subscriber| own_app.is_none_or(|own| it.app.id == own);
    let Some(own) = subscribers.iter().find(is_own) else {
        let other = first.app.name.clone();
        return Finding::failed(name, "check-subscription-other", "check-subscription-cure", other);
    };
    let of_number = number.and_then(|number| number.webhook_configuration.as_ref()?.of_messages());
    let actual = of_number.or(own.override_callback_uri.as_deref()).unwrap_or_default();
    match super::callback_url(app) {
        Some(wanted) if !actual.is_empty() && !actual.starts_with(&wanted) => Finding::warning(
            name,
            "check-subscription-elsewhere",
            "check-subscription-elsewhere-cure",
            actual,
        ),
        _ => Finding::ok(name, "check-subscription-ok", own.app.name.clone()),
    }
}

async fn of_fields(app: &App, info: &TokenInfo, app_secret: &str) -> Finding {
    let subscriptions = match app.graph.list_app_subscriptions(&info.app_id, app_secret).await {
        Ok(subscriptions) => subscriptions,
        // The app's own token is made of its id and its secret.
        Err(SendError::Rejected { .. }) => {
            return Finding::failed(
                "fields",
                "check-secret-failed",
                "check-secret-cure",
                info.app_id.clone(),
            );
        }
        Err(error) => return Finding::unknown("fields", &error),
    };
    let account = subscriptions.iter().find(|it| it.object == "whatsapp_business_account" && it.active);
    let hears = |field: &&str| account.is_some_and(|it| it.fields.iter().any(|own| own.name == *field));
    let missing: Vec<&str> = FIELDS.into_iter().filter(|field| !hears(field)).collect();
    match missing.first() {
        None => Finding::ok("fields", "check-fields-ok", ""),
        Some(&"messages") => {
            Finding::failed("fields", "check-fields-failed", "check-fields-cure", missing.join(", "))
        }
        Some(_) => {
            Finding::warning("fields", "check-fields-missing", "check-fields-cure", missing.join(", "))
        }
    }
}

/// What the stored secret signs has to be believed at the door, and belong to this number.
fn of_signature(app: &App, channel: &Channel, app_secret: &str) -> Finding {
    let body = br#"{"object":"whatsapp_business_account","entry":[]}"#;
    let signature = AppSecret::new(app_secret).sign(body);
    let signer =
        app.directory.signer_of(Some(&channel.phone_number_id), signature.as_bytes(), body, app.clock.now());
    let route =
        signer.and_then(|signer| app.directory.route(&channel.phone_number_id, signer, app.clock.now()));
    match route {
        Some(route) if route.channel == channel.id => Finding::ok("signature", "check-signature-ok", ""),
        _ => Finding::failed("signature", "check-signature-failed", "check-signature-cure", ""),
    }
}

fn of_verify_token(app: &App, channel: &Channel, verify_token: &str) -> Finding {
    let name = "verify_token";
    if verify_token.is_empty() {
        return Finding::warning(name, "check-verify-none", "check-verify-cure", "");
    }
    if app.directory.channel_has_verify_token(channel.id, verify_token) {
        Finding::ok(name, "check-verify-ok", "")
    } else {
        Finding::failed(name, "check-signature-failed", "check-signature-cure", "")
    }
}

async fn of_templates(app: &App, scope: TenantScope, channel: &Channel) -> Result<Finding> {
    let name = "templates";
    let syncs = templates::list_syncs(app, scope).await?;
    let sync = syncs.into_iter().find(|sync| sync.account == channel.waba_id);
    let Some(sync) = sync.filter(|sync| sync.synced_at.is_some()) else {
        return Ok(Finding::warning(name, "check-templates-unread", "check-templates-unread-cure", ""));
    };
    if let Some(problem) = sync.problem {
        return Ok(Finding::warning(name, "check-templates-problem", "check-templates-unread-cure", problem));
    }
    let mut found = templates::list_templates(app, scope).await?;
    found.retain(|template| template.account == channel.waba_id);
    let stopped: Vec<&str> = found
        .iter()
        .filter(|it| matches!(it.status.as_deref(), Some("PAUSED" | "DISABLED")))
        .map(|it| it.name.as_str())
        .collect();
    Ok(if stopped.is_empty() {
        Finding::ok(name, "check-templates-ok", found.len().to_string())
    } else {
        Finding::warning(name, "check-templates-stopped", "check-templates-stopped-cure", stopped.join(", "))
    })
}
