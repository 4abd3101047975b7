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
    /// Its category before Meta changed it.
    #[serde(default)]
    pub previous_category: Option<String>,
    /// Why it was rejected; `NONE` otherwise.
    #[serde(default)]
    pub rejected_reason: Option<String>,
    /// What customers think of it.
    #[serde(default)]
    pub quality_score: Option<QualityScore>,
}

/// What customers think of a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QualityScore {
    /// `GREEN`, `YELLOW`, `RED` or `UNKNOWN`.
    #[serde(default)]
    pub score: String,
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

/// What is asked of a template.
const FIELDS: &str = "id,name,language,status,category,previous_category,parameter_format,components,rejected_reason,\
                      quality_score";

impl Client {
    /// One page of the templates of an account.
    pub async fn list_templates(
        &self,
        waba_id: &str,
        token: &AccessToken,
        after: Option<&str>,
    ) -> Result<TemplatePage, SendError> {
        let mut query = vec![("fields", FIELDS), ("limit", "100")];
        query.extend(after.map(|after| ("after", after)));
        let request = self.request_with(Method::GET, &[waba_id, "message_templates"], &query, token);
        let page: PageWire = answer::read(request).await?;
        // The cursors are there on the last page too; only `next` says that more follows.
        let after =
            page.paging.filter(|paging| paging.next.is_some()).and_then(|paging| paging.cursors?.after);
        Ok(TemplatePage { templates: page.data, after })
    }

    /// One template by Meta's id of it.
    pub async fn get_template(&self, id: &str, token: &AccessToken) -> Result<Template, SendError> {
        answer::read(self.request_with(Method::GET, &[id], &[("fields", FIELDS)], token)).await
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

    /// Deletes a template, in the one language that `id` is Meta's id of, or else in all. An approved name stays blocked
    /// for 30 days.
    pub async fn delete_template(
        &self,
        waba_id: &str,
        token: &AccessToken,
        name: &str,
        id: Option<&str>,
    ) -> Result<(), SendError> {
        let mut query = vec![("name", name)];
        query.extend(id.map(|id| ("hsm_id", id)));
        let request = self.request_with(Method::DELETE, &[waba_id, "message_templates"], &query, token);
        answer::read::<answer::Success>(request).await.map(drop)
    }
}
