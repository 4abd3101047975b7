//! Listing, creating and deleting templates. Meta allows 5,000 management calls per hour and account: follow the
//! webhooks instead of asking often.

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Client;
use super::answer;
use super::send_error::SendError;
use super::token::AccessToken;

/// A template as Meta has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Template {
    pub id: String,
    pub name: String,
    pub language: String,
    /// `APPROVED`, `PENDING`, `REJECTED`, `PAUSED`, `DISABLED`, …
    pub status: String,
    /// `MARKETING`, `UTILITY`, `AUTHENTICATION`.
    pub category: String,
    /// `NAMED` or `POSITIONAL`.
    #[serde(default)]
    pub parameter_format: Option<String>,
    /// As Meta writes them; their kinds keep growing.
    #[serde(default)]
    pub components: Vec<Value>,
}

/// Some templates, and where the next ones begin.
#[derive(Debug, Clone, PartialEq)]
pub struct TemplatePage {
    pub templates: Vec<Template>,
    /// What to pass as `after` for the next page; nothing on the last.
    pub after: Option<String>,
}

/// What Meta answered to a new template.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CreatedTemplate {
    pub id: String,
    /// Usually `PENDING`.
    pub status: String,
    pub category: String,
}

#[derive(Deserialize)]
struct PageWire {
    data: Vec<Template>,
    paging: Option<Paging>,
}

#[derive(Deserialize)]
struct Paging {
    cursors: Option<Cursors>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Cursors {
    after: Option<String>,
}

impl Client {
    /// One page of the templates of an account.
    pub async fn list_templates(
        &self,
        waba_id: &str,
        token: &AccessToken,
        after: Option<&str>,
    ) -> Result<TemplatePage, SendError> {
        let fields = "id,name,language,status,category,parameter_format,components";
        let mut query = vec![("fields", fields), ("limit", "100")];
        query.extend(after.map(|after| ("after", after)));
        let request = self.request_with(Method::GET, &[waba_id, "message_templates"], &query, token);
        let page: PageWire = answer::read(request).await?;
        // The cursors are there on the last page too; only `next` says that more follows.
        let after =
            page.paging.filter(|paging| paging.next.is_some()).and_then(|paging| paging.cursors?.after);
        Ok(TemplatePage { templates: page.data, after })
    }

    /// Hands a template in for review. `template` is Meta's body: name, category, language, components.
    pub async fn create_template(
        &self,
        waba_id: &str,
        token: &AccessToken,
        template: &Value,
    ) -> Result<CreatedTemplate, SendError> {
        answer::read(self.request(Method::POST, &[waba_id, "message_templates"], token).json(template)).await
    }

    /// Deletes a template in all languages. An approved name stays blocked for 30 days.
    pub async fn delete_template(
        &self,
        waba_id: &str,
        token: &AccessToken,
        name: &str,
    ) -> Result<(), SendError> {
        let query = [("name", name)];
        let request = self.request_with(Method::DELETE, &[waba_id, "message_templates"], &query, token);
        answer::read::<answer::Success>(request).await.map(drop)
    }
}
