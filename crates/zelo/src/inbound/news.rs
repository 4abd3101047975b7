//! What notices about numbers, accounts and templates change here.

use crate::{
    channels::{self, About, Aspect, Word},
    clock::{Millis, SECOND},
    templates::{self, Saying},
};
use whatsapp::webhook::{AccountUpdate, Change};

/// Messages a second after Meta's upgrade of a number (Cloud API, "Throughput").
const UPGRADED: u32 = 1_000;

/// What a change says of numbers and accounts.
pub(super) fn of_channel(change: &Change, account: &str, at: Millis) -> Vec<channels::News> {
    let of_account = |word| channels::News { about: About::Account(account.to_owned()), at, word };
    let of_number = |phone: &str, word| channels::News {
        about: About::Number { account: account.to_owned(), phone: phone.to_owned() },
        at,
        word,
    };
    let state = |aspect, value: &str| Word::State(aspect, value.to_owned());
    match change {
        Change::PhoneNumberQuality(notice) => {
            let phone = &notice.display_phone_number;
            let limit =
                notice.max_daily_conversations_per_business.as_deref().or(notice.current_limit.as_deref());
            let mut news: Vec<_> =
                limit.map(|limit| of_number(phone, state(Aspect::Limit, limit))).into_iter().collect();
            match notice.event.as_str() {
                "THROUGHPUT_UPGRADE" => news.push(of_number(phone, Word::Throughput(UPGRADED))),
                "FLAGGED" => news.push(of_number(phone, state(Aspect::Quality, "RED"))),
                "UNFLAGGED" => news.push(of_number(phone, state(Aspect::Quality, "GREEN"))),
                _ => {}
            }
            news
        }
        Change::BusinessCapability(notice) => notice
            .max_daily_conversations_per_business
            .as_deref()
            .or(notice.max_daily_conversation_per_phone.as_deref())
            .map(|limit| of_account(state(Aspect::Limit, limit)))
            .into_iter()
            .collect(),
        Change::PhoneNumberName(notice) if notice.decision == "APPROVED" => notice
            .requested_verified_name
            .as_deref()
            .map(|name| of_number(&notice.display_phone_number, state(Aspect::Name, name)))
            .into_iter()
            .collect(),
        Change::BusinessUsername(notice) => {
            let username = notice.username.as_deref().filter(|_| notice.status == "approved");
            let value = username.unwrap_or_default();
            vec![of_number(&notice.display_phone_number, state(Aspect::Username, value))]
        }
        Change::AccountReview(notice) => vec![of_account(state(Aspect::Review, &notice.decision))],
        Change::AccountUpdate(notice) => of_account_update(notice, account, at),
        _ => Vec::new(),
    }
}

fn of_account_update(notice: &AccountUpdate, account: &str, at: Millis) -> Vec<channels::News> {
    let inner = notice.waba_info.as_ref().and_then(|info| info.waba_id.as_deref());
    let about = About::Account(inner.unwrap_or(account).to_owned());
    let news = |word| channels::News { about: about.clone(), at, word };
    let state = |aspect, value: &str| Word::State(aspect, value.to_owned());
    match notice.event.as_str() {
        "ACCOUNT_RESTRICTION" => {
            let restrictions: Vec<_> = notice
                .restriction_info
                .iter()
                .map(|restriction| match restriction.expiration {
                    Some(until) => {
                        let until = crate::api::rfc3339(until.saturating_mul(SECOND));
                        format!("{} {until}", restriction.restriction_type)
                    }
                    None => restriction.restriction_type.clone(),
                })
                .collect();
            vec![news(state(Aspect::Restriction, &restrictions.join(", ")))]
        }
        "DISABLED_UPDATE" => match notice.ban_info.as_ref().and_then(|info| info.waba_ban_state.as_deref()) {
            Some("DISABLE") => vec![news(state(Aspect::Account, "DISABLED")), news(Word::Stopped)],
            Some("REINSTATE") => vec![news(state(Aspect::Account, "ACTIVE")), news(Word::Resumed)],
            Some(other) => vec![news(state(Aspect::Account, other))],
            None => Vec::new(),
        },
        "ACCOUNT_DELETED" | "PARTNER_REMOVED" | "PARTNER_APP_UNINSTALLED" | "ACCOUNT_OFFBOARDED" => {
            vec![news(state(Aspect::Account, &notice.event)), news(Word::Stopped)]
        }
        "PARTNER_ADDED" | "PARTNER_APP_INSTALLED" | "ACCOUNT_RECONNECTED" => {
            vec![news(state(Aspect::Account, "ACTIVE"))]
        }
        _ => Vec::new(),
    }
}

/// What a change says of a template.
pub(super) fn of_template(change: &Change, account: &str, at: Millis) -> Vec<templates::News> {
    let (name, language, meta_key, sayings) = match change {
        Change::TemplateStatus(notice) => {
            let reason = notice.rejection_info.as_ref().and_then(|info| info.reason.clone());
            let reason = reason.or_else(|| notice.other_info.as_ref()?.description.clone());
            let reason = reason.or_else(|| notice.reason.clone().filter(|reason| reason != "NONE"));
            let mut sayings = vec![Saying::Status(notice.event.clone(), reason)];
            sayings.extend(notice.message_template_category.clone().map(Saying::Category));
            let (name, language) = (&notice.message_template_name, &notice.message_template_language);
            (name, language, &notice.message_template_id, sayings)
        }
        Change::TemplateQuality(notice) => {
            let sayings = vec![Saying::Quality(notice.new_quality_score.clone())];
            let (name, language) = (&notice.message_template_name, &notice.message_template_language);
            (name, language, &notice.message_template_id, sayings)
        }
        // An announcement gives the category that still holds, and comes again when it is done.
        Change::TemplateCategory(notice) => {
            let change = Saying::Change {
                previous: notice.previous_category.clone(),
                next: notice.correct_category.clone(),
                on: notice.category_update_timestamp.map(|seconds| seconds.saturating_mul(SECOND)),
            };
            let sayings = vec![Saying::Category(notice.new_category.clone()), change];
            let (name, language) = (&notice.message_template_name, &notice.message_template_language);
            (name, language, &notice.message_template_id, sayings)
        }
        Change::TemplateComponents(notice) => {
            let (name, language) = (&notice.message_template_name, &notice.message_template_language);
            (name, language, &notice.message_template_id, vec![Saying::Edited])
        }
        _ => return Vec::new(),
    };
    let news = |saying| templates::News {
        account: account.to_owned(),
        name: name.clone(),
        language: language.clone(),
        meta_key: meta_key.clone(),
        at,
        saying,
    };
    sayings.into_iter().map(news).collect()
}
