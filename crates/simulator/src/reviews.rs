//! What Meta decides about templates and numbers, and whom it tells.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::conditions::TemplateDecision;
use crate::delivery::Underway;
use crate::json::put;
use crate::scene::Scene;
use crate::simulator::{Inner, Simulator, UnknownParty};
use crate::template::Template;
use crate::webhook;

/// When an announced change of a category happens.
const CATEGORY_CHANGES_AFTER: i64 = 24 * 3_600;

impl Simulator {
    /// Adds an approved template to an account. `components` are Meta's. Gives its id.
    pub fn add_template(
        &self,
        waba_id: &str,
        name: &str,
        language: &str,
        category: &str,
        components: Vec<Value>,
    ) -> String {
        let mut scene = self.inner.scene.lock();
        let id = scene.ids.digits(16);
        scene.templates.push(Template {
            id: id.clone(),
            waba_id: waba_id.to_owned(),
            name: name.to_owned(),
            language: language.to_owned(),
            status: "APPROVED".to_owned(),
            category: category.to_owned(),
            named: false,
            components,
            rejected_reason: "NONE".to_owned(),
            previous_category: None,
            quality: "UNKNOWN".to_owned(),
            rated_at: self.inner.seconds(),
        });
        id
    }

    /// The id of a template of an account, if it is there.
    pub fn template_id(&self, waba_id: &str, name: &str, language: &str) -> Option<String> {
        let scene = self.inner.scene.lock();
        let is_it = |it: &&Template| it.waba_id == waba_id && it.name == name && it.language == language;
        scene.templates.iter().find(is_it).map(|template| template.id.clone())
    }

    /// Decides about a template, such as `APPROVED` or `PAUSED`, without a reason.
    pub fn decide_template(&self, template_id: &str, event: &str) -> Result<(), UnknownParty> {
        self.review_template(template_id, &TemplateDecision::new(event))
    }

    /// Decides about a template and tells its account.
    pub fn review_template(
        &self,
        template_id: &str,
        decision: &TemplateDecision,
    ) -> Result<(), UnknownParty> {
        self.inner.review(template_id, decision)
    }

    /// Gives a template another category, or only announces it for tomorrow, and tells its account.
    pub fn recategorise_template(
        &self,
        template_id: &str,
        category: &str,
        is_announced: bool,
    ) -> Result<(), UnknownParty> {
        let now = self.inner.seconds();
        self.inner.change_template(template_id, "template_category_update", |template| {
            if is_announced {
                let at = now.saturating_add(CATEGORY_CHANGES_AFTER);
                return json!({"new_category": template.category, "correct_category": category,
                              "category_update_timestamp": at});
            }
            let previous = std::mem::replace(&mut template.category, category.to_owned());
            template.previous_category = Some(previous.clone());
            json!({"previous_category": previous, "new_category": category})
        })
    }

    /// Changes what customers think of a template, `GREEN`, `YELLOW` or `RED`, and tells its account.
    pub fn rate_template(&self, template_id: &str, score: &str) -> Result<(), UnknownParty> {
        let now = self.inner.seconds();
        self.inner.change_template(template_id, "message_template_quality_update", |template| {
            template.rated_at = now;
            let previous = std::mem::replace(&mut template.quality, score.to_owned());
            json!({"previous_quality_score": previous, "new_quality_score": score})
        })
    }

    /// Changes what Meta thinks of a number, and how many people it may write to first, such as `TIER_10K`; then tells it.
    pub fn rate_number(
        &self,
        phone_number_id: &str,
        quality: &str,
        limit: Option<&str>,
    ) -> Result<(), UnknownParty> {
        let value = {
            let mut scene = self.inner.scene.lock();
            let connected = scene.channels.get_mut(phone_number_id).ok_or(UnknownParty::Channel)?;
            connected.standing.quality = quality.to_owned();
            let old = connected.standing.limit.clone();
            if let Some(limit) = limit {
                connected.standing.limit = limit.to_owned();
            }
            let event = match quality {
                "RED" => "FLAGGED",
                "GREEN" => "UNFLAGGED",
                _ => "DOWNGRADE",
            };
            json!({"display_phone_number": connected.channel.display_number(), "event": event, "old_limit": old,
                   "current_limit": connected.standing.limit})
        };
        self.inner.changed("scene");
        self.post_change(phone_number_id, "phone_number_quality_update", value)
    }

    /// What was granted to a number's token, what its app hears of, and whether somebody pays for its account; what is none
    /// stays.
    pub fn set_connection(
        &self,
        phone_number_id: &str,
        scopes: Option<Vec<String>>,
        fields: Option<Vec<String>>,
        is_unpaid: Option<bool>,
    ) -> Result<(), UnknownParty> {
        let mut scene = self.inner.scene.lock();
        let connected = scene.channels.get_mut(phone_number_id).ok_or(UnknownParty::Channel)?;
        let standing = &mut connected.standing;
        standing.scopes = scopes.unwrap_or_else(|| standing.scopes.clone());
        standing.fields = fields.unwrap_or_else(|| standing.fields.clone());
        standing.unpaid = is_unpaid.unwrap_or(standing.unpaid);
        drop(scene);
        self.inner.changed("scene");
        Ok(())
    }

    /// Lets Meta look at a template that was handed in, as the conditions of this moment say.
    pub(crate) fn plan_review(&self, template_id: &str) {
        let Some(review) = self.conditions().template_review else { return };
        let (inner, id) = (Arc::clone(&self.inner), template_id.to_owned());
        let due = inner.lived().saturating_add(Duration::from_millis(review.after_ms));
        let underway = Underway::count(&inner.underway);
        let stop = inner.stop.clone();
        self.inner.tasks.spawn(async move {
            let decided = async {
                inner.until(due).await;
                if inner.review(&id, &review.decision).is_err() {
                    tracing::debug!("a template was deleted before anybody looked at it");
                }
            };
            stop.run_until_cancelled(decided).await;
            drop(underway);
        });
    }
}

impl Inner {
    fn review(self: &Arc<Self>, template_id: &str, decision: &TemplateDecision) -> Result<(), UnknownParty> {
        let TemplateDecision { event, reason } = decision;
        self.change_template(template_id, "message_template_status_update", |template| {
            template.status.clone_from(event);
            let is_rejected = event == "REJECTED";
            template.rejected_reason = if is_rejected { "INVALID_FORMAT" } else { "NONE" }.to_owned();
            let mut value = json!({"event": event, "message_template_category": template.category,
                                   "reason": template.rejected_reason});
            if let Some(reason) = reason {
                let told = if is_rejected {
                    (
                        "rejection_info",
                        json!({"reason": reason, "recommendation": "Change it and hand it in again."}),
                    )
                } else {
                    ("other_info", json!({"title": event, "description": reason}))
                };
                put(&mut value, told.0, told.1);
            }
            value
        })
    }

    /// Changes a template and tells its account with what `change` gives. Such notices go to the app and not to a number:
    /// one post for an account is enough.
    fn change_template(
        self: &Arc<Self>,
        template_id: &str,
        field: &str,
        change: impl FnOnce(&mut Template) -> Value,
    ) -> Result<(), UnknownParty> {
        let mut scene = self.scene.lock();
        let template = scene.templates.iter_mut().find(|template| template.id == template_id);
        let template = template.ok_or(UnknownParty::Template)?;
        let mut value = change(template);
        put(&mut value, "message_template_id", json!(template.id.parse::<u64>().unwrap_or_default()));
        put(&mut value, "message_template_name", json!(template.name));
        put(&mut value, "message_template_language", json!(template.language));
        let waba_id = template.waba_id.clone();
        self.tell_account(&mut scene, &waba_id, field, value)
    }

    fn tell_account(
        self: &Arc<Self>,
        scene: &mut Scene,
        waba_id: &str,
        field: &str,
        value: Value,
    ) -> Result<(), UnknownParty> {
        let channel = scene.channels.values().find(|connected| connected.channel.waba_id == waba_id);
        let channel = channel.ok_or(UnknownParty::Channel)?.channel.clone();
        let body = webhook::body(&channel, field, &value, Some(self.seconds()));
        self.post(scene, &channel, field.to_owned(), &body, value, None, None, Duration::ZERO);
        self.changed("scene");
        Ok(())
    }
}
