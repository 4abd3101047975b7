//! Whether the numbers have what they need at Meta.

use super::{super::failure::with_causes, Check};
use crate::{
    app::App,
    channels::{self, Channel},
    connecting::{self, Finding, Verdict},
    error::Result,
    pages::locale::Lang,
    tenants::{self, TenantScope},
};

const NAME: &str = "whatsapp";

pub(super) async fn check(app: &App) -> Vec<Check> {
    match look(app).await {
        Ok(checks) if checks.is_empty() => {
            let cure = "connect one with `zelo channel create`";
            vec![Check::warn(NAME, "no number is connected yet", cure)]
        }
        Ok(checks) => checks,
        Err(error) => {
            vec![Check::fail(NAME, with_causes(&error), "see whether the checks above name the cause")]
        }
    }
}

async fn look(app: &App) -> Result<Vec<Check>> {
    let mut checks = Vec::new();
    for tenant in tenants::list_tenants(app).await? {
        let scope = TenantScope::of_work(tenant.id);
        for channel in channels::list_channels(app, scope).await? {
            checks.extend(look_at(app, scope, &tenant.slug, &channel).await);
        }
    }
    Ok(checks)
}

async fn look_at(app: &App, scope: TenantScope, slug: &str, channel: &Channel) -> Vec<Check> {
    let who = format!("number {} of {slug}", channel.phone_number_id);
    let checked = match connecting::look(app, scope, channel).await {
        Ok(checked) => checked,
        Err(error) => {
            let detail = format!("the credentials of {who} cannot be opened: {}", with_causes(&error));
            let cure = "bring back the keystore that belongs to this database";
            return vec![Check::fail(NAME, detail, cure)];
        }
    };
    let wrong = worth_saying(&checked.findings);
    if wrong.is_empty() {
        return vec![Check::ok(NAME, format!("{who} has everything that it needs"))];
    }
    wrong.into_iter().map(|finding| to_check(finding, &who, slug, channel)).collect()
}

/// What somebody has to look at. What is wrong with the token is wrong with all that it was to open, and what Meta does not
/// say is said once.
fn worth_saying(findings: &[Finding]) -> Vec<&Finding> {
    let token = findings.iter().find(|it| it.name == "token" && it.verdict != Verdict::Ok);
    if let Some(token) = token.filter(|it| it.verdict == Verdict::Failed || it.is_unknown()) {
        return vec![token];
    }
    findings.iter().filter(|it| it.verdict != Verdict::Ok).collect()
}

fn to_check(finding: &Finding, who: &str, slug: &str, channel: &Channel) -> Check {
    let detail = format!("{who}: {}", finding.text(Lang::English));
    let mut cure = finding.cure(Lang::English).unwrap_or_default();
    if matches!(finding.name, "token" | "scopes") && !finding.is_unknown() {
        cure = format!(
            "{cure} zelo channel update --tenant {slug} --phone-number-id {} --access-token-stdin",
            channel.phone_number_id
        );
    }
    match finding.verdict {
        Verdict::Failed => Check::fail(NAME, detail, cure),
        Verdict::Ok | Verdict::Warning => Check::warn(NAME, detail, cure),
    }
}
