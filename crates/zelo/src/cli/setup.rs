//! `zelo setup`: how the first administrator gets in.

use super::{Context, failure::Result, say, start};
use crate::{Error, identity};
use serde_json::json;

pub(super) async fn run(context: &Context) -> Result<()> {
    let app = start::open_from(&context.sources).await?;
    match identity::begin_setup(&app).await {
        Ok(link) => {
            let text = format!(
                "Open this address within 24 hours and choose the address and password of the first administrator.\n\
                 It works once; `zelo setup` again makes another one.\n\n  {link}"
            );
            say::either(
                context.json,
                &json!({"has_administrator": false, "link": link, "text": text}),
                &text,
            );
        }
        Err(Error::Conflict { .. }) => {
            let text = "This installation has an administrator already; log in with that account.";
            say::either(context.json, &json!({"has_administrator": true, "link": null, "text": text}), text);
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
