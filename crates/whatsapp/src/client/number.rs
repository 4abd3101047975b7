//! The business number itself.

use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::Client;
use super::answer;
use super::send_error::SendError;
use super::token::AccessToken;

/// What Meta says about a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberInfo {
    pub id: String,
    /// With plus and spaces, for people.
    #[serde(default)]
    pub display_phone_number: Option<String>,
    #[serde(default)]
    pub verified_name: Option<String>,
    /// `GREEN`, `YELLOW`, `RED`, `UNKNOWN`.
    #[serde(default)]
    pub quality_rating: Option<String>,
    /// `VERIFIED`, `NOT_VERIFIED`, `EXPIRED`.
    #[serde(default)]
    pub code_verification_status: Option<String>,
    /// `TIER_250`, `TIER_2K`, …, `TIER_UNLIMITED`; shared by the numbers of the portfolio.
    #[serde(default)]
    pub whatsapp_business_manager_messaging_limit: Option<String>,
    /// How many messages a second the number may send.
    #[serde(default)]
    pub throughput: Option<Throughput>,
    /// Whether it is in use with the Business app, too (coexistence).
    #[serde(default)]
    pub is_on_biz_app: Option<bool>,
    /// Where the number's webhooks go.
    #[serde(default)]
    pub webhook_configuration: Option<WebhookConfiguration>,
}

/// Where webhooks of messages go: to the first address that is set (Meta, webhooks/override).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookConfiguration {
    /// Of this number alone.
    #[serde(default)]
    pub phone_number: Option<String>,
    /// Of the account's numbers.
    #[serde(default)]
    pub whatsapp_business_account: Option<String>,
    /// The app's own.
    #[serde(default)]
    pub application: Option<String>,
}

impl WebhookConfiguration {
    /// Where messages go; nothing where no address is set at all.
    pub fn of_messages(&self) -> Option<&str> {
        [&self.phone_number, &self.whatsapp_business_account, &self.application]
            .into_iter()
            .filter_map(|address| address.as_deref())
            .find(|address| !address.is_empty())
    }
}

/// A number's throughput.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Throughput {
    /// `STANDARD`, `HIGH`, `NOT_APPLICABLE`.
    #[serde(default)]
    pub level: String,
}

impl NumberInfo {
    /// Messages a second, in and out: 80, after an upgrade 1,000, with the Business app always 20 (Meta, throughput).
    /// Nothing where Meta does not say.
    pub fn messages_per_second(&self) -> Option<u32> {
        if self.is_on_biz_app == Some(true) {
            return Some(20);
        }
        match self.throughput.as_ref()?.level.as_str() {
            "HIGH" => Some(1_000),
            "STANDARD" => Some(80),
            _ => None,
        }
    }
}

#[derive(Serialize)]
struct Settings<'a> {
    webhook_configuration: Subscription<'a>,
}

#[derive(Serialize)]
struct Subscription<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    override_callback_uri: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verify_token: Option<&'a str>,
}

impl Client {
    /// Asks for the number: shows whether id and token belong together.
    pub async fn check(&self, phone_number_id: &str, token: &AccessToken) -> Result<NumberInfo, SendError> {
        let fields = "id,display_phone_number,verified_name,quality_rating,code_verification_status,\
                      whatsapp_business_manager_messaging_limit,throughput,is_on_biz_app,webhook_configuration";
        answer::read(self.request_with(Method::GET, &[phone_number_id], &[("fields", fields)], token)).await
    }

    /// Subscribes the app to an account, so that its webhooks arrive; with `callback` (address of up to 200 characters
    /// and verify token) its messages go there instead of to the app's own address.
    pub async fn subscribe_app(
        &self,
        waba_id: &str,
        token: &AccessToken,
        callback: Option<(&str, &str)>,
    ) -> Result<(), SendError> {
        let body = Subscription {
            override_callback_uri: callback.map(|(uri, _)| uri),
            verify_token: callback.map(|(_, verify_token)| verify_token),
        };
        let request = self.request(Method::POST, &[waba_id, "subscribed_apps"], token).json(&body);
        answer::read::<answer::Success>(request).await.map(drop)
    }

    /// Ends an override of the number's own, so that its messages go where the account's go.
    pub async fn end_number_override(
        &self,
        phone_number_id: &str,
        token: &AccessToken,
    ) -> Result<(), SendError> {
        let ended = Subscription { override_callback_uri: Some(""), verify_token: None };
        let body = Settings { webhook_configuration: ended };
        let request = self.request(Method::POST, &[phone_number_id], token).json(&body);
        answer::read::<answer::Success>(request).await.map(drop)
    }
}
