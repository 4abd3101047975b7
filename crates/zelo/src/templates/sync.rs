//! Reading an account's list at Meta, and single templates that a notice told of.

use super::{
    News,
    model::spelled,
    service::{reason_place, seal_components},
    store::{self, Place, Word},
};
use crate::{
    app::App,
    channels::{self, Channel, ChannelStatus},
    clock::{Millis, SECOND},
    error::{Error, Result},
    ids::{ChannelId, TemplateId, TenantId},
    tenants::TenantScope,
};
use db::Tx;
use jobs::{Leased, NewJob, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use whatsapp::client::{AccessToken, CreatedTemplate, SendError, Template, TemplatePage};

/// The job that reads an account's list.
pub const SYNC: &str = "sync_templates";
/// The job that reads one template.
pub const FETCH: &str = "fetch_template";
/// Pages that are read at most: at 100 templates each, ten times what Meta lets an account have.
const MOST_PAGES: usize = 600;
/// Meta's code for an object that is not there, or not for this token.
const NO_SUCH_OBJECT: i64 = 100;

#[derive(Debug, Serialize, Deserialize)]
struct Account {
    account: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Single {
    account: String,
    meta_key: String,
}

/// Promise that the list of an account is read, once however often it is asked for before that.
///
/// # Errors
/// What the database answers.
pub async fn promise_sync(tx: &mut Tx, app: &App, scope: TenantScope, account: &str) -> Result<()> {
    let payload = serde_json::to_string(&Account { account: account.to_owned() }).map_err(Error::internal)?;
    let job = NewJob::new(channels::QUEUE, SYNC, payload).tenant(scope.tenant().0);
    app.jobs.enqueue(tx, job.unique(format!("{SYNC}:{}:{account}", scope.tenant()))).await?;
    Ok(())
}

/// Promise that the lists of all of the tenant's accounts are read; returns Meta's ids of them.
///
/// # Errors
/// When the database does not answer.
pub async fn ask_for_sync(app: &App, scope: TenantScope) -> Result<Vec<String>> {
    let mut accounts: Vec<String> =
        channels::list_channels(app, scope).await?.into_iter().map(|channel| channel.waba_id).collect();
    accounts.sort_unstable();
    accounts.dedup();
    db::write!(app.db, "ask_for_template_sync", scope.into(), |tx| -> Result<()> {
        for account in &accounts {
            promise_sync(tx, app, scope, account).await?;
        }
        Ok(())
    })?;
    Ok(accounts)
}

/// Promise that a template is read of which a notice told, and whose text is not known or was changed. Not unique by its
/// name alone: what comes while it is being read must not be missed.
pub(super) async fn promise_fetch(tx: &mut Tx, app: &App, scope: TenantScope, news: &News) -> Result<()> {
    let single = Single { account: news.account.clone(), meta_key: news.meta_key.clone() };
    let unique = format!("{FETCH}:{}:{}:{}", scope.tenant(), news.meta_key, news.at);
    let payload = serde_json::to_string(&single).map_err(Error::internal)?;
    let job = NewJob::new(channels::QUEUE, FETCH, payload).tenant(scope.tenant().0);
    app.jobs.enqueue(tx, job.unique(unique)).await?;
    Ok(())
}

/// The number through which an account is spoken to: the one that is meant, or the only account's first.
///
/// # Errors
/// [`Error::Invalid`] when it is not clear which account is meant, or there is no such number here.
pub(super) async fn channel_for(app: &App, scope: TenantScope, wanted: Option<ChannelId>) -> Result<Channel> {
    let invalid = |code, message: &str| Error::invalid("channel_id", code, message);
    let mut channels = channels::list_channels(app, scope).await?;
    if let Some(id) = wanted {
        let found = channels.into_iter().find(|channel| channel.id == id);
        return found.ok_or_else(|| invalid("not_found", "There is no such channel here."));
    }
    let first = channels.first().map(|channel| channel.waba_id.clone()).unwrap_or_default();
    if channels.iter().any(|channel| channel.waba_id != first) {
        return Err(invalid(
            "required",
            "There are several accounts: name a number of the one that is meant.",
        ));
    }
    if channels.is_empty() {
        return Err(invalid("required", "Connect a number first."));
    }
    Ok(channels.swap_remove(0))
}

/// Meta, spoken to for one account.
pub(super) struct Meta<'m> {
    app: &'m App,
    account: String,
    token: AccessToken,
}

impl<'m> Meta<'m> {
    pub(super) async fn of(app: &'m App, scope: TenantScope, channel: Channel) -> Result<Self> {
        let credentials = channels::credentials(app, scope, channel.id).await?;
        let token = AccessToken::new(credentials.access_token.clone());
        Ok(Self { app, account: channel.waba_id, token })
    }

    /// Through a number of the account that works, or else through any.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the tenant has none.
    pub(super) async fn of_account(app: &'m App, scope: TenantScope, account: &str) -> Result<Self> {
        let mut channels = channels::list_channels(app, scope).await?;
        channels.retain(|channel| channel.waba_id == account);
        channels.sort_by_key(|channel| channel.status != ChannelStatus::Active);
        let channel = channels.into_iter().next().ok_or(Error::NotFound)?;
        Self::of(app, scope, channel).await
    }

    pub(super) async fn create(&self, body: &Value) -> Result<CreatedTemplate> {
        let answer = self.app.graph.create_template(&self.account, &self.token, body).await;
        count("create_template", &answer);
        answer.map_err(refused)
    }

    /// One that is not there any more counts as deleted.
    pub(super) async fn delete(&self, name: &str, meta_key: &str) -> Result<()> {
        let answer = self.app.graph.delete_template(&self.account, &self.token, name, Some(meta_key)).await;
        count("delete_template", &answer);
        match answer {
            Err(error) if error.code() == Some(NO_SUCH_OBJECT) => Ok(()),
            other => other.map_err(refused),
        }
    }

    async fn page(&self, after: Option<&str>) -> std::result::Result<TemplatePage, SendError> {
        let answer = self.app.graph.list_templates(&self.account, &self.token, after).await;
        count("list_templates", &answer);
        answer
    }

    async fn single(&self, meta_key: &str) -> std::result::Result<Template, SendError> {
        let answer = self.app.graph.get_template(meta_key, &self.token).await;
        count("get_template", &answer);
        answer
    }
}

fn count<T>(operation: &'static str, answer: &std::result::Result<T, SendError>) {
    let outcome = if answer.is_ok() { "ok" } else { "failed" };
    metrics::counter!("zelo_whatsapp_requests_total", "operation" => operation, "outcome" => outcome)
        .increment(1);
}

/// Meta's refusal in words that lead on.
fn refused(error: SendError) -> Error {
    match error {
        SendError::Rejected { error, .. } => Error::Conflict {
            code: "refused_by_meta",
            detail: format!("Meta refuses it: {} (code {}).", error.text(), error.code),
        },
        other => Error::unavailable(other),
    }
}

/// The list of one account, page by page, then all of it in one transaction.
pub async fn sync(app: App, job: Leased) -> Outcome {
    let Some(tenant) = job.tenant.map(TenantId) else { return Outcome::give_up("the job names no tenant") };
    let Ok(Account { account }) = serde_json::from_str(&job.payload) else {
        return Outcome::give_up("the job names no account");
    };
    let scope = TenantScope::of_work(tenant);
    settled(sync_account(&app, scope, &account).await, "the list of templates", &job)
}

/// The text of one template of which a notice told.
pub async fn fetch(app: App, job: Leased) -> Outcome {
    let Some(tenant) = job.tenant.map(TenantId) else { return Outcome::give_up("the job names no tenant") };
    let Ok(single) = serde_json::from_str::<Single>(&job.payload) else {
        return Outcome::give_up("the job names no template");
    };
    let scope = TenantScope::of_work(tenant);
    settled(fetch_single(&app, scope, &single).await, "a template", &job)
}

/// What Meta refuses for good is told to people (`problem`), and not asked again.
fn settled(read: Result<Option<SendError>>, what: &str, job: &Leased) -> Outcome {
    match read {
        // The number is not connected any more.
        Ok(None) | Err(Error::NotFound) => Outcome::Done,
        Ok(Some(SendError::RetryLater { after, error, .. })) => {
            Outcome::retry_after(after, format!("Meta answered {}", error.code))
        }
        Ok(Some(SendError::Rejected { error, .. })) => {
            tracing::warn!(code = error.code, kind = &*job.kind, "Meta refuses to tell {what}");
            Outcome::Done
        }
        Ok(Some(_)) => Outcome::retry("no answer of Meta"),
        Err(error) => Outcome::retry(error.to_string()),
    }
}

/// Read the whole list of an account. Answers what Meta said instead, if it did not tell it.
///
/// # Errors
/// [`Error::NotFound`] when no number of the account is connected; what the database answers.
pub async fn sync_account(app: &App, scope: TenantScope, account: &str) -> Result<Option<SendError>> {
    let meta = Meta::of_account(app, scope, account).await?;
    // Meta's own times have whole seconds: what it says within this one is not older.
    let began = app.clock.now().div_euclid(SECOND).saturating_mul(SECOND);
    let mut found: Vec<Template> = Vec::new();
    let mut after: Option<String> = None;
    for _ in 0..MOST_PAGES {
        match meta.page(after.as_deref()).await {
            Ok(page) => {
                found.extend(page.templates);
                after = page.after;
            }
            Err(error) => {
                let problem = error.code().map_or_else(|| "no_answer".to_owned(), |code| code.to_string());
                db::write!(app.db, "note_template_sync", scope.into(), |tx| -> Result<()> {
                    store::save_sync(tx, scope, account, None, Some(&problem)).await?;
                    Ok(())
                })?;
                return Ok(Some(error));
            }
        }
        if after.is_none() {
            break;
        }
    }
    let listed = listed(app, scope, &found).await?;
    db::write!(app.db, "sync_templates", scope.into(), |tx| -> Result<()> {
        for template in &listed {
            take_over(tx, app, scope, account, template, began).await?;
        }
        store::delete_unlisted(tx, scope, account, began).await?;
        store::save_sync(tx, scope, account, Some(began), None).await?;
        Ok(())
    })?;
    Ok(None)
}

async fn fetch_single(app: &App, scope: TenantScope, single: &Single) -> Result<Option<SendError>> {
    let meta = Meta::of_account(app, scope, &single.account).await?;
    let at = app.clock.now().div_euclid(SECOND).saturating_mul(SECOND);
    let found = match meta.single(&single.meta_key).await {
        Ok(found) => found,
        Err(error) => return Ok(Some(error)),
    };
    let listed = listed(app, scope, std::slice::from_ref(&found)).await?;
    db::write!(app.db, "fetch_template", scope.into(), |tx| -> Result<()> {
        for template in &listed {
            take_over(tx, app, scope, &single.account, template, at).await?;
        }
        Ok(())
    })?;
    Ok(None)
}

/// A template of Meta's list with what is somebody's words sealed, before the transaction.
struct Listed<'l> {
    template: &'l Template,
    language: String,
    components_sealed: Vec<u8>,
    reason_sealed: Option<Vec<u8>>,
}

async fn listed<'l>(app: &App, scope: TenantScope, found: &'l [Template]) -> Result<Vec<Listed<'l>>> {
    let keys = app.keyring.tenant(scope.tenant().0).await?;
    let seal = |template: &'l Template| -> Result<Listed<'l>> {
        let reason = template.rejected_reason.as_deref().filter(|reason| !matches!(*reason, "" | "NONE"));
        let reason_sealed =
            reason.map(|reason| keys.data.seal(reason_place(scope), reason.as_bytes())).transpose()?;
        let components_sealed = seal_components(scope, &keys, &template.components)?;
        Ok(Listed { template, language: spelled(&template.language), components_sealed, reason_sealed })
    };
    found.iter().map(seal).collect()
}

async fn take_over(
    tx: &mut Tx,
    app: &App,
    scope: TenantScope,
    account: &str,
    listed: &Listed<'_>,
    at: Millis,
) -> Result<()> {
    let template = listed.template;
    let place = Place { account, name: &template.name, language: &listed.language };
    let meta_key = template.id.as_str();
    store::ensure(tx, scope, TemplateId(app.ids.next()), place, meta_key).await?;
    let is_named = template.parameter_format.as_deref().is_some_and(|it| it.eq_ignore_ascii_case("named"));
    let known = store::find_by_place(tx, scope, place).await?;
    // A notice gave the reason in more words than the list has for it.
    let is_news = known.is_none_or(|row| row.template.status.as_deref() != Some(template.status.as_str()));
    if is_news {
        let reason_sealed = listed.reason_sealed.as_deref();
        let status = Word::Status { status: &template.status, reason_sealed, meta_key };
        store::update(tx, scope, place, &status, at).await?;
    }
    store::update(tx, scope, place, &Word::Category(&template.category), at).await?;
    if let Some(quality) = template.quality_score.as_ref().filter(|quality| !quality.score.is_empty()) {
        store::update(tx, scope, place, &Word::Quality(&quality.score), at).await?;
    }
    if let Some(previous) = template.previous_category.as_deref().filter(|it| *it != template.category) {
        let change = Word::Change { previous: Some(previous), next: None, on: None };
        store::update(tx, scope, place, &change, at).await?;
    }
    let components = Word::Components { sealed: &listed.components_sealed, is_named };
    store::update(tx, scope, place, &components, at).await?;
    store::update(tx, scope, place, &Word::Listed { meta_key }, at).await?;
    Ok(())
}
