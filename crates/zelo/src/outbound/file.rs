//! The file of a message, on its way to Meta.

use crate::{
    app::App,
    channels::Channel,
    media::{self, Attached, NotThere},
    messages::Outgoing,
    tenants::TenantScope,
};
use whatsapp::client::{AccessToken, MediaSource, OutboundContent};

/// Name the file of a message as Meta knows it, after taking it there.
pub(super) async fn name_for_meta(
    app: &App,
    scope: TenantScope,
    outgoing: &Outgoing,
    file: &Attached,
    channel: &Channel,
    token: &AccessToken,
    content: &mut OutboundContent,
) -> Result<(), NotThere> {
    if media::named_by(content).is_none() {
        return Ok(());
    }
    let meta_id =
        media::take_to_meta(app, scope, file, &outgoing.key, &channel.phone_number_id, token).await?;
    if let Some(named) = content.media_mut() {
        named.source = MediaSource::Id(meta_id);
    }
    Ok(())
}
