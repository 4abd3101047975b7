//! What the gate asks before a template leaves.

use super::{
    model::{refuse, spelled},
    service::opened,
    store::{self, Place},
};
use crate::{
    app::App,
    error::{Error, Result},
    tenants::TenantScope,
};
use whatsapp::client::SentTemplate;

/// Check a template that is to be sent against what Meta has said of it, and give the words that the customer will read,
/// where they are known. Of an account whose list was never read, what is not known is left to Meta.
///
/// # Errors
/// [`Error::Conflict`] with the cure for one that Meta does not take now, [`Error::Invalid`] naming what does not fit its
/// variables and buttons.
pub async fn check_sending(
    app: &App,
    scope: TenantScope,
    account: &str,
    sent: &SentTemplate,
) -> Result<Option<String>> {
    let language = spelled(&sent.language.code);
    let place = Place { account, name: &sent.name, language: &language };
    let (row, is_synced) = db::read!(app.db, "check_template", scope.into(), |tx| -> Result<_> {
        Ok((store::find_by_place(tx, scope, place).await?, store::is_synced(tx, scope, account).await?))
    })?;
    let Some(row) = row else {
        if !is_synced {
            return Ok(None);
        }
        let detail = format!(
            "WhatsApp has told of no template {} in {}. Look at GET /message-templates; if it was made a moment ago, \
             POST /message-templates/sync reads them again.",
            sent.name, sent.language.code
        );
        return Err(Error::Conflict { code: "template_unknown", detail });
    };
    let template = opened(scope, &*app.keyring.tenant(scope.tenant().0).await?, row)?;
    if !template.may_be_sent() {
        return Err(template.refusal());
    }
    let Some(known) = template.known() else { return Ok(None) };
    refuse(known.check(sent))?;
    Ok(Some(known.preview(sent).text()).filter(|text| !text.is_empty()))
}

/// Whether a template may be a marketing message: it is one, or Meta has not said what it is.
///
/// # Errors
/// When the database does not answer.
pub async fn may_be_marketing(
    app: &App,
    scope: TenantScope,
    account: &str,
    name: &str,
    language: &str,
) -> Result<bool> {
    let language = spelled(language);
    let place = Place { account, name, language: &language };
    let row = db::read!(app.db, "template_category", scope.into(), |tx| -> Result<_> {
        Ok(store::find_by_place(tx, scope, place).await?)
    })?;
    let category = row.and_then(|row| row.template.category);
    Ok(!matches!(category.as_deref(), Some("UTILITY" | "AUTHENTICATION")))
}
