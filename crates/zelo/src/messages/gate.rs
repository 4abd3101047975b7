//! The one gate: everything that leaves towards a contact passes here.

use super::{Body, Said, SendRequest, refer};
use crate::{
    app::App,
    channels::{self, Channel, ChannelStatus},
    clock::Millis,
    contacts::MarketingChoice,
    crypto::Field,
    error::{Error, FieldError, Result},
    ids::{ChannelId, ConversationId},
    media::{self, Attached},
    quotas::{self, Limit, Quota},
    rights::Sight,
    templates,
    tenants::{self, Tenant, TenantScope},
};
use whatsapp::client::{ContentFault, OutboundContent};

/// Where a message is to go, as far as it decides whether it may.
#[derive(Debug, Clone, Copy)]
pub(super) struct Destination {
    /// Its conversation, which need not be stored yet.
    pub(super) conversation: ConversationId,
    /// From which number.
    pub(super) channel: ChannelId,
    /// Whether Meta takes anything else than templates.
    pub(super) window_is_open: bool,
    /// What the contact wants of marketing messages, where that is known.
    pub(super) marketing: Option<MarketingChoice>,
}

/// A message that may leave.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) body: Body,
    /// The digest of the id of the message that it changes.
    pub(super) target: Option<[u8; 16]>,
    pub(super) media: Option<Attached>,
    pub(super) limit: Limit,
}

/// Check everything that decides whether a message may leave. Nothing is stored.
///
/// # Errors
/// As [`super::pass`].
pub(super) async fn judge(
    app: &App,
    sight: Sight,
    to: Destination,
    request: &SendRequest,
    now: Millis,
) -> Result<Judged> {
    let scope = sight.scope();
    refuse_faults(&request.content)?;
    let (tenant, channel) = refuse_stopped(app, scope, to.channel).await?;
    refuse_unwanted(app, scope, to.marketing, &channel, &request.content).await?;
    if !request.content.may_open_conversation() && !to.window_is_open {
        return Err(Error::WindowClosed);
    }
    let rendered = match &request.content {
        OutboundContent::Template(template) => {
            templates::check_sending(app, scope, &channel.waba_id, template).await?
        }
        _ => None,
    };
    let mut content = request.content.clone();
    let quotes = refer::quoted_wamid(app, scope, to.conversation, request).await?;
    refer::name_target(app, scope, to.conversation, &mut content, now).await?;
    let media = media::check_outgoing(app, sight, to.conversation, &mut content).await?;
    let body = Body { quotes, rendered, ..Body::new(Said::Outbound(content)) };
    let target = match body.changes() {
        Some(wamid) => Some(app.keyring.tenant(scope.tenant().0).await?.index.digest(Field::Wamid, wamid)),
        None => None,
    };
    let limit = quotas::limit_of(app, &tenant, Quota::MessagesPerMonth);
    Ok(Judged { body, target, media, limit })
}

/// Everything that Meta would not take is named at once, by its path in Meta's JSON.
fn refuse_faults(content: &OutboundContent) -> Result<()> {
    let faults = content.faults();
    if faults.is_empty() {
        return Ok(());
    }
    let named =
        |fault: &ContentFault| FieldError::new(&fault.field, fault.problem.code(), fault.problem.to_string());
    Err(Error::Invalid(faults.iter().map(named).collect()))
}

/// Whoever told Meta to get no marketing messages gets none, and none that may be one: Meta has not said what every template
/// is.
pub(super) async fn refuse_unwanted(
    app: &App,
    scope: TenantScope,
    marketing: Option<MarketingChoice>,
    channel: &Channel,
    content: &OutboundContent,
) -> Result<()> {
    let OutboundContent::Template(template) = content else { return Ok(()) };
    if marketing != Some(MarketingChoice::Stop) {
        return Ok(());
    }
    let (name, language) = (&template.name, &template.language.code);
    if !templates::may_be_marketing(app, scope, &channel.waba_id, name, language).await? {
        return Ok(());
    }
    Err(Error::Conflict {
        code: "opted_out",
        detail: "The contact wants no marketing messages, and this template is one or may be one.".into(),
    })
}

/// A tenant that is stopped sends nothing, nor does a number that is switched off.
pub(super) async fn refuse_stopped(
    app: &App,
    scope: TenantScope,
    channel: ChannelId,
) -> Result<(Tenant, Channel)> {
    let tenant = tenants::get_tenant(app, scope.tenant()).await?;
    if !tenant.status.may_work() {
        return Err(Error::Conflict {
            code: "tenant_stopped",
            detail: "This account may not send messages.".into(),
        });
    }
    let channel = channels::get_channel(app, scope, channel).await?;
    if channel.status == ChannelStatus::Disabled {
        return Err(Error::Conflict {
            code: "channel_disabled",
            detail: "This number is switched off.".into(),
        });
    }
    Ok((tenant, channel))
}
