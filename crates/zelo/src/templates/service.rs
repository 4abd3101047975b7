//! What is done with what is known of templates.

use super::{
    MessageTemplate, NewTemplate, News, Saying, SyncState,
    model::{DELETED, refuse, spelled},
    store::{self, Place, Sealed, Word},
    sync::{self, Meta},
};
use crate::{
    app::App,
    audit::{Entry, EventType, Pen},
    clock::SECOND,
    crypto::{self, TenantKeys},
    error::{Error, Result},
    ids::TemplateId,
    tenants::TenantScope,
};
use db::Tx;
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;
use whatsapp::{
    client::{Language, SentTemplate},
    template::{Filled, Preview, TemplateDraft},
};

/// Take news over, inside the transaction that keeps the notice. A template whose text is not known, or was changed, is
/// asked for.
///
/// # Errors
/// What the database answers.
pub async fn apply_news(
    tx: &mut Tx,
    app: &App,
    scope: TenantScope,
    keys: &TenantKeys,
    news: &[News],
) -> Result<()> {
    for piece in news {
        let language = spelled(&piece.language);
        let place = Place { account: &piece.account, name: &piece.name, language: &language };
        let is_new = store::ensure(tx, scope, TemplateId(app.ids.next()), place, &piece.meta_key).await? > 0;
        let mut update = async |word: Word<'_>| store::update(tx, scope, place, &word, piece.at).await;
        match &piece.saying {
            Saying::Status(status, reason) => {
                let seal = |reason: &String| keys.data.seal(reason_place(scope), reason.as_bytes());
                let sealed = reason.as_ref().map(seal).transpose()?;
                let meta_key = &piece.meta_key;
                update(Word::Status { status, reason_sealed: sealed.as_deref(), meta_key }).await?;
            }
            Saying::Category(category) => {
                update(Word::Category(category)).await?;
            }
            Saying::Change { previous, next, on } => {
                update(Word::Change { previous: previous.as_deref(), next: next.as_deref(), on: *on })
                    .await?;
            }
            Saying::Quality(quality) => {
                update(Word::Quality(quality)).await?;
            }
            Saying::Edited => {}
        }
        if is_new || piece.saying == Saying::Edited {
            sync::promise_fetch(tx, app, scope, piece).await?;
        }
    }
    Ok(())
}

/// Meta's reasons are its own words about the business's texts.
pub(super) fn reason_place(scope: TenantScope) -> crypto::Place<'static> {
    sealed_place(scope, "reason")
}

/// What a template says is the business's own.
pub(super) fn components_place(scope: TenantScope) -> crypto::Place<'static> {
    sealed_place(scope, "components")
}

fn sealed_place(scope: TenantScope, column: &'static str) -> crypto::Place<'static> {
    crypto::Place { tenant: scope.tenant().0, table: "message_templates", column, row: Uuid::nil() }
}

pub(super) fn opened(scope: TenantScope, keys: &TenantKeys, sealed: Sealed) -> Result<MessageTemplate> {
    let Sealed { mut template, reason, components } = sealed;
    if let Some(reason) = reason {
        let reason = keys.data.open(reason_place(scope), &reason)?;
        template.reason = Some(String::from_utf8_lossy(&reason).into_owned());
    }
    if let Some(components) = components {
        let components = keys.data.open(components_place(scope), &components)?;
        template.components = serde_json::from_slice(&components).ok();
    }
    Ok(template)
}

/// The templates that there are, by name and language; those that were deleted are not.
///
/// # Errors
/// When the database does not answer.
pub async fn list_templates(app: &App, scope: TenantScope) -> Result<Vec<MessageTemplate>> {
    let rows = db::read!(app.db, "list_templates", scope.into(), |tx| -> Result<_> {
        Ok(store::list(tx, scope).await?)
    })?;
    let keys = app.keyring.tenant(scope.tenant().0).await?;
    let there = rows.into_iter().filter(|row| row.template.status.as_deref() != Some(DELETED));
    there.map(|row| opened(scope, &keys, row)).collect()
}

/// One template.
///
/// # Errors
/// [`Error::NotFound`], for a stranger's template and a deleted one too.
pub async fn get_template(app: &App, scope: TenantScope, id: TemplateId) -> Result<MessageTemplate> {
    let row = db::read!(app.db, "get_template", scope.into(), |tx| -> Result<_> {
        store::find(tx, scope, id).await?.ok_or(Error::NotFound)
    })?;
    let keys = app.keyring.tenant(scope.tenant().0).await?;
    let template = opened(scope, &keys, row)?;
    if template.status.as_deref() == Some(DELETED) { Err(Error::NotFound) } else { Ok(template) }
}

/// When the lists of the tenant's accounts were read.
///
/// # Errors
/// When the database does not answer.
pub async fn list_syncs(app: &App, scope: TenantScope) -> Result<Vec<SyncState>> {
    db::read!(app.db, "list_template_syncs", scope.into(), |tx| -> Result<_> {
        Ok(store::list_syncs(tx, scope).await?)
    })
}

/// A template with variables filled in: how the customer sees it, and what is to be sent.
///
/// # Errors
/// [`Error::NotFound`], and [`Error::Conflict`] while its text is not known.
pub async fn preview(
    app: &App,
    scope: TenantScope,
    id: TemplateId,
    values: &BTreeMap<String, String>,
) -> Result<(Preview, Filled, SentTemplate)> {
    let template = get_template(app, scope, id).await?;
    let known = template.known().ok_or_else(|| Error::Conflict {
        code: "template_text_unknown",
        detail: "WhatsApp has not told the text of this template; synchronise the templates.".into(),
    })?;
    let filled = known.fill(values);
    let language = Language { code: template.language.clone() };
    let components = filled.components.clone();
    let sent = SentTemplate { name: template.name.clone(), language, components };
    Ok((known.preview(&sent), filled, sent))
}

/// Hand a template in for Meta's review.
///
/// # Errors
/// [`Error::Invalid`] naming everything that Meta would refuse, [`Error::Conflict`] when there is one of this name and
/// language or Meta refuses it, [`Error::Unavailable`] when Meta does not answer.
pub async fn create_template(app: &App, scope: TenantScope, new: &NewTemplate) -> Result<MessageTemplate> {
    refuse(new.draft.faults())?;
    let channel = sync::channel_for(app, scope, new.channel).await?;
    let TemplateDraft { name, language, category, components, .. } = &new.draft;
    let place = Place { account: &channel.waba_id, name, language };
    let there = db::read!(app.db, "find_template", scope.into(), |tx| -> Result<_> {
        Ok(store::find_by_place(tx, scope, place).await?)
    })?;
    if there.is_some_and(|row| row.template.status.as_deref() != Some(DELETED)) {
        let detail = format!("There is a template {name} in {language} already.");
        return Err(Error::Conflict { code: "template_exists", detail });
    }
    let meta = Meta::of(app, scope, channel.clone()).await?;
    let body = serde_json::to_value(&new.draft).map_err(Error::internal)?;
    let created = meta.create(&body).await?;
    let keys = app.keyring.tenant(scope.tenant().0).await?;
    let said = serde_json::to_vec(components).map_err(Error::internal)?;
    let sealed = keys.data.seal(components_place(scope), &said)?;
    let pen = Pen::of(app, scope.tenant()).await?;
    // Meta's own times have whole seconds: its decision may come within this one.
    let at = app.clock.now().div_euclid(SECOND).saturating_mul(SECOND);
    let id = db::write!(app.db, "create_template", scope.into(), |tx| -> Result<TemplateId> {
        store::ensure(tx, scope, TemplateId(app.ids.next()), place, &created.id).await?;
        let status = Word::Status { status: &created.status, reason_sealed: None, meta_key: &created.id };
        store::update(tx, scope, place, &status, at).await?;
        store::update(tx, scope, place, &Word::Category(&created.category), at).await?;
        let components = Word::Components { sealed: &sealed, is_named: new.draft.is_named() };
        store::update(tx, scope, place, &components, at).await?;
        let row = store::find_by_place(tx, scope, place).await?.ok_or(Error::NotFound)?;
        let entry = Entry::of(EventType::ConfigUpdate, "template_created");
        let entry =
            entry.on("message_template", row.template.id).changed("name", None::<&str>, name.as_str());
        let entry = entry.changed("category", None::<&str>, category.as_str());
        pen.write(tx, entry.changed("language", None::<&str>, language.as_str())).await?;
        Ok(row.template.id)
    })?;
    get_template(app, scope, id).await
}

/// Delete a template at Meta and here, in its own language alone. Its name stays blocked at Meta for 30 days.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Conflict`] when Meta refuses, [`Error::Unavailable`] when Meta does not answer.
pub async fn delete_template(app: &App, scope: TenantScope, id: TemplateId) -> Result<()> {
    let template = get_template(app, scope, id).await?;
    let meta = Meta::of_account(app, scope, &template.account).await?;
    meta.delete(&template.name, &template.meta_key).await?;
    let pen = Pen::of(app, scope.tenant()).await?;
    let at = app.clock.now();
    db::write!(app.db, "delete_template", scope.into(), |tx| -> Result<()> {
        let MessageTemplate { account, name, language, meta_key, .. } = &template;
        let place = Place { account, name, language };
        let status = Word::Status { status: DELETED, reason_sealed: None, meta_key };
        store::update(tx, scope, place, &status, at).await?;
        let entry = Entry::of(EventType::ConfigUpdate, "template_deleted").on("message_template", id);
        let entry = entry.changed("name", name.as_str(), None::<&str>);
        pen.write(tx, entry.changed("language", language.as_str(), None::<&str>)).await
    })
}

/// Components as they are sealed.
pub(super) fn seal_components(
    scope: TenantScope,
    keys: &TenantKeys,
    components: &[Value],
) -> Result<Vec<u8>> {
    let plain = serde_json::to_vec(components).map_err(Error::internal)?;
    Ok(keys.data.seal(components_place(scope), &plain)?)
}
