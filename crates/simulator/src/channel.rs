//! A business number, as it was connected to Meta.

use serde::Serialize;
use whatsapp::client::AccessToken;
use whatsapp::phone::Phone;
use whatsapp::signature::AppSecret;

use crate::contact::as_wa_id;

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
    pub(crate) business_name: String,
    pub(crate) phone: String,
    pub(crate) callback_url: Option<String>,
}

impl From<&Channel> for ChannelView {
    fn from(channel: &Channel) -> Self {
        Self {
            phone_number_id: channel.phone_number_id.clone(),
            business_name: channel.business_name.clone(),
            phone: channel.phone.display(),
            callback_url: channel.callback_url.clone(),
        }
    }
}
