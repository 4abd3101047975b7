//! What is done with what is known of templates.

use super::{MessageTemplate, News, Saying, model::spelled, store};
use crate::{
    app::App,
    crypto::{Place, TenantKeys},
    error::Result,
    tenants::TenantScope,
};
use db::Tx;
use uuid::Uuid;

/// Take news over, inside the transaction that keeps the notice.
///
/// # Errors
/// What the database answers.
pub async fn apply_news(tx: &mut Tx, scope: TenantScope, keys: &TenantKeys, news: &[News]) -> Result<()> {
    for piece in news {
        store::ensure(tx, scope, piece, &spelled(&piece.language)).await?;
        let place = (piece.account.as_str(), piece.name.as_str(), spelled(&piece.language));
        match &piece.saying {
            Saying::Status(word, reason) => {
                let seal = |reason: &String| keys.data.seal(reason_place(scope), reason.as_bytes());
                let sealed = reason.as_ref().map(seal).transpose()?;
                store::update_status(tx, scope, &place, word, sealed.as_deref(), piece.at).await?;
            }
            Saying::Category(word) => {
                store::update_category(tx, scope, &place, word, piece.at).await?;
            }
            Saying::Quality(word) => {
                store::update_quality(tx, scope, &place, word, piece.at).await?;
            }
        }
    }
    Ok(())
}

/// Meta's reasons are its own words about the business's texts.
fn reason_place(scope: TenantScope) -> Place<'static> {
    Place { tenant: scope.tenant().0, table: "message_templates", column: "reason", row: Uuid::nil() }
}

/// The templates that Meta has told of, by name and language.
///
/// # Errors
/// When the database does not answer.
pub async fn list_templates(app: &App, scope: TenantScope) -> Result<Vec<MessageTemplate>> {
    let rows = db::read!(app.db, "list_templates", scope.into(), |tx| -> Result<_> {
        Ok(store::list(tx, scope).await?)
    })?;
    let keys = app.keyring.tenant(scope.tenant().0).await?;
    let opened = |(mut template, sealed): (MessageTemplate, Option<Vec<u8>>)| -> Result<MessageTemplate> {
        if let Some(sealed) = sealed {
            let reason = keys.data.open(reason_place(scope), &sealed)?;
            template.reason = Some(String::from_utf8_lossy(&reason).into_owned());
        }
        Ok(template)
    };
    rows.into_iter().map(opened).collect()
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
    let place = (account, name, spelled(language));
    let category = db::read!(app.db, "template_category", scope.into(), |tx| -> Result<_> {
        Ok(store::find_category(tx, scope, &place).await?)
    })?;
    Ok(!matches!(category.as_deref(), Some("UTILITY" | "AUTHENTICATION")))
}
