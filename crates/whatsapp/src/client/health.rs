//! Whether everything that a number needs at Meta is in order.

use reqwest::Method;
use serde::Deserialize;

use super::Client;
use super::answer;
use super::send_error::SendError;
use super::token::AccessToken;
use crate::lenient;

/// What a token is good for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TokenInfo {
    /// The app that it belongs to.
    #[serde(default, deserialize_with = "lenient::text")]
    pub app_id: String,
    #[serde(default)]
    pub is_valid: bool,
    /// Unix seconds; 0 for one that does not end.
    #[serde(default, deserialize_with = "lenient::optional_seconds")]
    pub expires_at: Option<i64>,
    /// Such as `whatsapp_business_messaging`.
    #[serde(default)]
    pub scopes: Vec<String>,
}

/// An app that hears of an account.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Subscriber {
    #[serde(rename = "whatsapp_business_api_data")]
    pub app: SubscribedApp,
    /// Where the account's webhooks go instead of to the app's own address.
    #[serde(default)]
    pub override_callback_uri: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SubscribedApp {
    #[serde(deserialize_with = "lenient::text")]
    pub id: String,
    #[serde(default)]
    pub name: String,
}

/// What an app hears of, for one kind of object.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AppSubscription {
    /// `whatsapp_business_account`.
    pub object: String,
    #[serde(default)]
    pub callback_url: String,
    #[serde(default)]
    pub active: bool,
    #[serde(default)]
    pub fields: Vec<SubscribedField>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SubscribedField {
    /// Such as `messages`.
    pub name: String,
}

/// An account's state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct AccountInfo {
    /// `APPROVED`, `PENDING`, `REJECTED`, `RESTRICTED`.
    #[serde(default)]
    pub account_review_status: Option<String>,
    #[serde(default)]
    pub health_status: Option<HealthStatus>,
}

/// Whether messages can be sent, and what stands in the way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct HealthStatus {
    /// `AVAILABLE`, `LIMITED`, `BLOCKED`.
    #[serde(default)]
    pub can_send_message: String,
    #[serde(default)]
    pub entities: Vec<HealthEntity>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HealthEntity {
    #[serde(default)]
    pub errors: Vec<HealthError>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HealthError {
    #[serde(default)]
    pub error_code: i64,
    #[serde(default)]
    pub error_description: String,
    #[serde(default)]
    pub possible_solution: String,
}

#[derive(Deserialize)]
struct Data<T> {
    data: T,
}

impl Client {
    /// What a token is good for, as it says of itself.
    pub async fn token_info(&self, token: &AccessToken) -> Result<TokenInfo, SendError> {
        let query = [("input_token", token.expose())];
        let request = self.request_with(Method::GET, &["debug_token"], &query, token);
        answer::read::<Data<TokenInfo>>(request).await.map(|answer| answer.data)
    }

    /// The apps that hear of an account.
    pub async fn list_subscribers(
        &self,
        waba_id: &str,
        token: &AccessToken,
    ) -> Result<Vec<Subscriber>, SendError> {
        let request = self.request(Method::GET, &[waba_id, "subscribed_apps"], token);
        answer::read::<Data<Vec<Subscriber>>>(request).await.map(|answer| answer.data)
    }

    /// What an app hears of. Asked with the app's own token, it proves that id and secret belong together.
    pub async fn list_app_subscriptions(
        &self,
        app_id: &str,
        app_secret: &str,
    ) -> Result<Vec<AppSubscription>, SendError> {
        let token = AccessToken::new(format!("{app_id}|{app_secret}"));
        let request = self.request(Method::GET, &[app_id, "subscriptions"], &token);
        answer::read::<Data<Vec<AppSubscription>>>(request).await.map(|answer| answer.data)
    }

    /// An account's review and health: restrictions, missing payment.
    pub async fn account_info(&self, waba_id: &str, token: &AccessToken) -> Result<AccountInfo, SendError> {
        let query = [("fields", "id,account_review_status,health_status")];
        answer::read(self.request_with(Method::GET, &[waba_id], &query, token)).await
    }
}
