//! A business number, as it was connected to Meta.

use serde::Serialize;
use whatsapp::client::AccessToken;
use whatsapp::phone::Phone;
use whatsapp::signature::AppSecret;

use crate::contact::as_wa_id;
use crate::scene::Connected;

/// What has to be known about a business number to fake it.
#[derive(Debug, Clone)]
pub struct Channel {
    pub phone_number_id: String,
    pub waba_id: String,
    /// In full, with the country code and Brazil's ninth digit. Webhooks show it without the ninth digit where Meta does.
    pub phone: Phone,
    pub business_name: String,
    pub access_token: AccessToken,
    /// The secret of the app that the number is connected to.
    pub app_secret: AppSecret,
    /// Where webhooks go; nowhere if absent.
    pub callback_url: Option<String>,
    pub verify_token: String,
}

impl Channel {
    /// The number as webhooks spell it: digits without a plus, and from area code 31 on without the ninth digit.
    pub(crate) fn display_number(&self) -> String {
        as_wa_id(&self.phone)
    }
}

/// What the page knows about a channel.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ChannelView {
    pub(crate) phone_number_id: String,
    pub(crate) waba_id: String,
    pub(crate) business_name: String,
    pub(crate) phone: String,
    /// Where its messages go.
    pub(crate) callback_url: Option<String>,
    /// `GREEN`, `YELLOW`, `RED`.
    pub(crate) quality: String,
}

impl From<&Connected> for ChannelView {
    fn from(connected: &Connected) -> Self {
        let channel = &connected.channel;
        Self {
            phone_number_id: channel.phone_number_id.clone(),
            waba_id: channel.waba_id.clone(),
            business_name: channel.business_name.clone(),
            phone: channel.phone.display(),
            callback_url: connected.destination(true).map(str::to_owned),
            quality: connected.standing.quality.clone(),
        }
    }
}
