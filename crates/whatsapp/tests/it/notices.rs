use whatsapp::webhook::{Change, Content};

use crate::fixtures::{ANA, AURORA, change, envelope};

macro_rules! read {
    ($number:literal as $variant:ident) => {{
        let change = change($number);
        let Change::$variant(value) = change else { panic!("{} is {change:?}", $number) };
        value
    }};
}

#[test]
fn decisions_about_templates_are_read() {
    assert_eq!(envelope("43").entries[0].time, Some(1_795_176_000));
    let approved = read!("43" as TemplateStatus);
    assert_eq!(approved.event, "APPROVED");
    assert_eq!(approved.message_template_id, "1689500000000001");
    assert_eq!(approved.message_template_language, "pt_BR");
    let rejected = read!("44" as TemplateStatus);
    assert_eq!(rejected.reason.as_deref(), Some("INVALID_FORMAT"));
    assert!(rejected.rejection_info.unwrap().recommendation.unwrap().starts_with("Separate parameters"));
    let paused = read!("45" as TemplateStatus);
    assert_eq!(paused.other_info.unwrap().title.as_deref(), Some("FIRST_PAUSE"));
    let quality = read!("46" as TemplateQuality);
    assert_eq!(
        (quality.previous_quality_score.as_deref(), quality.new_quality_score.as_str()),
        (Some("GREEN"), "YELLOW")
    );
}

#[test]
fn edits_and_categories_of_templates_are_read() {
    let edited = read!("47" as TemplateComponents);
    assert_eq!(
        edited.message_template_element.as_deref(),
        Some("Olá {{1}}, seu pedido {{2}} foi confirmado.")
    );
    assert_eq!(edited.message_template_buttons[1].phone_number.as_deref(), Some("+551140020001"));
    let category = read!("48" as TemplateCategory);
    assert_eq!(category.previous_category.as_deref(), Some("UTILITY"));
    assert_eq!(category.new_category, "MARKETING");
}

#[test]
fn notices_about_the_account_are_read() {
    let restricted = read!("49" as AccountUpdate);
    assert_eq!(restricted.event, "ACCOUNT_RESTRICTION");
    assert_eq!(restricted.restriction_info.len(), 2);
    assert_eq!(restricted.restriction_info[0].expiration, Some(1_795_780_800));
    let banned = read!("50" as AccountUpdate);
    assert_eq!(banned.ban_info.unwrap().waba_ban_state.as_deref(), Some("DISABLE"));
    // The entry names the partner; the account is inside.
    assert_eq!(envelope("51").entries[0].id, "900800700600500");
    let added = read!("51" as AccountUpdate);
    assert_eq!(added.waba_info.unwrap().waba_id.as_deref(), Some("100200300400502"));
    assert_eq!(read!("52" as AccountReview).decision, "APPROVED");
    assert_eq!(read!("53" as AccountAlert).alert_info.alert_severity.as_deref(), Some("WARNING"));
}

#[test]
fn notices_about_a_number_are_read() {
    assert_eq!(read!("54" as PhoneNumberQuality).event, "THROUGHPUT_UPGRADE");
    let name = read!("55" as PhoneNumberName);
    assert_eq!((name.decision.as_str(), name.rejection_reason), ("APPROVED", None));
    let capability = read!("56" as BusinessCapability);
    assert_eq!(capability.max_daily_conversations_per_business.as_deref(), Some("2000"));
    assert_eq!(read!("57" as Security).event, "PIN_CHANGED");
    assert_eq!(read!("68" as BusinessUsername).status, "approved");
    assert_eq!(read!("69" as Flow).new_status.as_deref(), Some("PUBLISHED"));
}

#[test]
fn ana_stops_marketing() {
    let preferences = read!("58" as UserPreferences);
    let preference = &preferences.user_preferences[0];
    assert_eq!((preference.value.as_str(), preference.timestamp), ("stop", 1_795_176_000));
    assert_eq!(preference.user_id.as_deref(), Some(ANA));
}

#[test]
fn history_is_read_message_by_message() {
    let history = read!("59" as History);
    let part = &history.history[0];
    assert_eq!((part.phase, part.chunk_order, part.progress), (Some(0), Some(1), Some(55)));
    let thread = &part.threads[0];
    assert_eq!((thread.id.as_deref(), thread.user_id.as_deref()), (Some("5511999990001"), Some(ANA)));
    let messages: Vec<(Option<&str>, Option<&str>)> = thread
        .messages
        .iter()
        .map(|message| (message.from.as_deref(), message.history_status.as_deref()))
        .collect();
    let (shop, ana) = (Some("5511940020001"), Some("5511999990001"));
    assert_eq!(messages, [(shop, Some("READ")), (shop, Some("PLAYED")), (ana, Some("READ"))]);
    assert_eq!(thread.messages[1].content, Content::MediaPlaceholder);
    let declined = read!("60" as History);
    assert_eq!(declined.history[0].errors[0].code, 2_593_109);
}

#[test]
fn coexistence_brings_the_address_book_and_what_people_sent() {
    let sync = read!("61" as AppStateSync);
    let actions: Vec<&str> = sync.state_sync.iter().map(|change| change.action.as_str()).collect();
    assert_eq!(actions, ["add", "remove"]);
    assert_eq!(sync.state_sync[0].contact.full_name.as_deref(), Some("Ana Souza"));
    let echoes = read!("62" as MessageEchoes);
    let echo = &echoes.message_echoes[0];
    assert_eq!((echo.to.as_deref(), echo.to_user_id.as_deref()), (Some("5511999990001"), Some(ANA)));
    assert_eq!(echo.content.preview_text().as_deref(), Some("Já estou verificando, um minuto"));
}

#[test]
fn calls_are_no_messages() {
    let connect = read!("63" as Calls);
    assert_eq!((connect.calls[0].event.as_str(), connect.statuses.len()), ("connect", 0));
    assert_eq!(connect.metadata.phone_number_id, AURORA);
    assert_eq!(read!("64" as Calls).calls[0].duration, Some(90));
    let ringing = read!("65" as Calls);
    assert_eq!(ringing.calls, []);
    assert_eq!((ringing.statuses[0].status.as_str(), ringing.unreadable.len()), ("RINGING", 0));
}

#[test]
fn groups_are_read() {
    let created = read!("66" as GroupLifecycle);
    assert_eq!(created.groups[0].kind, "group_create");
    assert_eq!(created.groups[0].subject.as_deref(), Some("Obra Rua 10"));
    let joined = read!("67" as GroupParticipants);
    let people = &joined.groups[0].added_participants;
    assert_eq!(people[1].username.as_deref(), Some("bia.ferraz"));
    assert_eq!(people[1].wa_id, None);
}
