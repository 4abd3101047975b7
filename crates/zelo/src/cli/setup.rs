//! `zelo setup`: how the first administrator gets in.

use super::{Context, failure::Result, say, start};
use crate::{identity, ids::TenantId};
use serde_json::json;

pub(super) async fn run(context: &Context) -> Result<()> {
    let app = start::open_from(&context.sources).await?;
    let has_admin = !identity::list_users(&app, TenantId(uuid::Uuid::nil())).await?.is_empty();
    let text = if has_admin {
        "This installation has an administrator already; log in with that account."
    } else {
        "There is no administrator yet. This version has no set-up page; create the account in one of two ways:\n  \
         zelo user create --role super_admin --email you@example.com --password-stdin\n  \
         SUPER_ADMIN_EMAIL=you@example.com SUPER_ADMIN_PASSWORD_FILE=/run/secrets/password zelo serve"
    };
    say::either(context.json, &json!({"has_administrator": has_admin, "link": null, "text": text}), text);
    Ok(())
}
