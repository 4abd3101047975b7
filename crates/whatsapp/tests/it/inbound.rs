use whatsapp::webhook::{Content, InteractiveReply, Media};

use crate::fixtures::{ANA, AURORA, all_webhooks, content, envelope, message, messages};

fn preview(number: &str) -> Option<String> {
    content(number).preview_text().map(|text| text.into_owned())
}

fn media(number: &str) -> Media {
    content(number).media().unwrap().clone()
}

#[test]
fn ana_writes_a_text() {
    let envelope = envelope("01");
    assert_eq!(envelope.entries[0].id, "100200300400501");
    let messages = messages("01");
    assert_eq!(messages.metadata.phone_number_id, AURORA);
    assert_eq!(messages.metadata.display_phone_number, "5511940020001");
    let message = &messages.messages[0];
    assert_eq!(message.id, "wamid.HBgNNTUxMTk5OTk5MDAwMRUCABIYFDNBRTUzNTM4NzlCRDY5QkZERENCAA==");
    assert_eq!(message.from.as_deref(), Some("5511999990001"));
    assert_eq!(message.from_user_id.as_deref(), Some(ANA));
    assert_eq!(message.timestamp, 1_795_176_000);
    assert_eq!(message.kind(), "text");
    assert_eq!(preview("01").as_deref(), Some("Oi! Meu pedido #4821 ainda não chegou 😕"));
    assert_eq!(message.context, None);
    let sender = message.sender_contact(&messages.contacts).unwrap();
    assert_eq!(sender.profile.name.as_deref(), Some("Ana Souza"));
    assert_eq!(sender.wa_id.as_deref(), Some("5511999990001"));
}

#[test]
fn a_reply_names_the_message_it_quotes() {
    let context = message("02").context.unwrap();
    assert_eq!(context.from.as_deref(), Some("5511940020001"));
    assert_eq!(context.id.as_deref(), Some("wamid.HBgNNTUxMTk5OTk5MDAwMRUCABEYEkU4OUYyNDNBRUVCNjQyMDhCQwA="));
    assert!(!context.forwarded);
}

#[test]
fn forwarded_is_told_from_forwarded_often() {
    let once = message("03").context.unwrap();
    assert!(once.forwarded && !once.frequently_forwarded && once.id.is_none());
    let often = message("04").context.unwrap();
    assert!(often.frequently_forwarded && !often.forwarded);
}

#[test]
fn the_ad_that_led_here_is_kept() {
    let referral = message("05").referral.unwrap();
    assert_eq!(referral.source_type.as_deref(), Some("ad"));
    assert_eq!(referral.ctwa_clid.as_deref(), Some("Afz-fixture_click_id_0001"));
    assert_eq!(referral.headline.as_deref(), Some("Fale com a gente"));
    assert_eq!(referral.welcome_message.unwrap().text, "Oi! Como podemos ajudar?");
    let product = message("06").context.unwrap().referred_product.unwrap();
    assert_eq!(product.product_retailer_id, "SKU-CAMISA-01");
}

#[test]
fn the_wa_id_stays_as_meta_spells_it() {
    let messages = messages("07");
    assert_eq!(messages.metadata.display_phone_number, "553184002002");
    assert_eq!(messages.messages[0].from.as_deref(), Some("553199990002"));
    assert_eq!(
        messages.messages[0].sender_contact(&messages.contacts).unwrap().wa_id.as_deref(),
        Some("553199990002")
    );
}

#[test]
fn bia_has_a_username_and_no_number() {
    let messages = messages("08");
    let message = &messages.messages[0];
    assert_eq!(message.from, None);
    assert_eq!(message.from_user_id.as_deref(), Some("BR.10000000000000000003"));
    let bia = message.sender_contact(&messages.contacts).unwrap();
    assert_eq!(bia.wa_id, None);
    assert_eq!(bia.profile.username.as_deref(), Some("bia.ferraz"));
}

#[test]
fn files_carry_their_id_type_and_hash() {
    let image = media("09");
    assert_eq!(image.id, "822761048698338");
    assert_eq!(image.mime_type.as_deref(), Some("image/jpeg"));
    assert_eq!(image.sha256.as_deref(), Some("spgUz1eS5oTNddan/OemehGIfjEvh8oqwkltgfNl/3I="));
    assert!(image.url.unwrap().starts_with("https://lookaside.fbsbx.com/"));
    assert_eq!(preview("09").as_deref(), Some("Chegou quebrado, olha"));
    assert!(
        matches!(content("10"), Content::Video(video) if video.mime_type.as_deref() == Some("video/mp4"))
    );
    assert!(matches!(content("11"), Content::Audio(audio) if audio.voice == Some(true)));
    assert!(matches!(content("12"), Content::Audio(audio) if audio.voice == Some(false)));
    assert_eq!(preview("11"), None);
    assert!(matches!(content("14"), Content::Sticker(sticker) if sticker.animated == Some(true)));
}

#[test]
fn a_document_keeps_its_name() {
    assert!(matches!(content("13"), Content::Document(_)));
    assert_eq!(media("13").filename.as_deref(), Some("comprovante nº 12.pdf"));
    assert_eq!(preview("13").as_deref(), Some("Comprovante PIX"));
}

#[test]
fn a_place_shows_its_name_and_a_pin_shows_no_text() {
    let Content::Location(place) = content("15") else { panic!() };
    assert_eq!((place.latitude, place.longitude), (-23.564_757_7, -46.651_849_5));
    assert_eq!(
        preview("15").as_deref(),
        Some("Edifício Fixture, Av. Paulista, 1000 - Bela Vista, São Paulo - SP")
    );
    let Content::Location(pin) = content("16") else { panic!() };
    assert_eq!((pin.latitude, pin.name, pin.address), (-8.05, None, None));
    assert_eq!(preview("16"), None);
}

#[test]
fn a_contact_card_is_read_whole() {
    let Content::Contacts(cards) = content("17") else { panic!() };
    let [joao] = cards.as_slice() else { panic!() };
    assert_eq!(joao.name.formatted_name, "João da Silva");
    assert_eq!(joao.phones[0].phone.as_deref(), Some("+55 41 99999-0005"));
    assert_eq!(joao.phones[0].wa_id.as_deref(), Some("554199990005"));
    assert_eq!(joao.emails[0].email.as_deref(), Some("joao@example.com"));
    assert_eq!(joao.addresses[0].city.as_deref(), Some("Curitiba"));
    assert_eq!(joao.org.as_ref().unwrap().company.as_deref(), Some("Oficina Fixture"));
    assert_eq!(joao.birthday.as_deref(), Some("1988-02-29"));
    assert_eq!(joao.urls[0].url.as_deref(), Some("https://example.com"));
    assert_eq!(preview("17").as_deref(), Some("João da Silva"));
}

#[test]
fn bia_answers_the_request_for_her_number() {
    let Content::Contacts(cards) = content("18") else { panic!() };
    assert_eq!(cards[0].origin.as_deref(), Some("contact_request"));
    assert_eq!(cards[0].phones[0].wa_id.as_deref(), Some("558199990003"));
    assert!(cards[0].vcard.as_deref().unwrap().starts_with("BEGIN:VCARD\nVERSION:3.0"));
}

#[test]
fn a_reaction_names_its_message() {
    let Content::Reaction(reaction) = content("19") else { panic!() };
    assert_eq!(reaction.emoji.as_deref(), Some("👍🏽"));
    assert_eq!(reaction.message_id, "wamid.HBgNNTUxMTk5OTk5MDAwMRUCABEYEkU4OUYyNDNBRUVCNjQyMDhCQwA=");
}

#[test]
fn answers_to_interactive_messages_are_told_apart() {
    let Content::Interactive(InteractiveReply::Button(button)) = content("20") else { panic!() };
    assert_eq!((button.id.as_str(), button.title.as_str()), ("confirmar-4821", "Confirmar"));
    let Content::Interactive(InteractiveReply::List(row)) = content("21") else { panic!() };
    assert_eq!(row.id, "setor-financeiro");
    assert_eq!(row.description.as_deref(), Some("Boletos e notas fiscais"));
    let Content::Interactive(InteractiveReply::Flow(flow)) = content("22") else { panic!() };
    assert_eq!(flow.name.as_deref(), Some("flow"));
    let form: serde_json::Value = serde_json::from_str(&flow.response_json).unwrap();
    assert_eq!(form["comentario"], "Ótimo atendimento");
    let Content::Interactive(InteractiveReply::CallPermission(permission)) = content("23") else { panic!() };
    assert_eq!(permission.response, "accept");
    assert_eq!(permission.is_permanent, Some(false));
    assert_eq!(permission.expiration_timestamp, Some(1_795_780_800));
    assert_eq!(preview("20").as_deref(), Some("Confirmar"));
    assert_eq!(preview("21").as_deref(), Some("Financeiro"));
    assert_eq!(preview("22").as_deref(), Some("comentario: Ótimo atendimento, nota: 5"));
}

#[test]
fn a_quick_reply_of_a_template_is_a_button() {
    let Content::Button(button) = content("24") else { panic!() };
    assert_eq!(button.payload.as_deref(), Some("PARAR_PROMOCOES"));
    assert_eq!(preview("24").as_deref(), Some("Parar promoções"));
}

#[test]
fn prices_of_an_order_are_not_rounded() {
    let Content::Order(order) = content("25") else { panic!() };
    assert_eq!(order.text.as_deref(), Some("Entregar à tarde"));
    let items: Vec<(i64, String)> =
        order.product_items.iter().map(|item| (item.quantity, item.item_price.to_string())).collect();
    assert_eq!(items, [(2, "79.9".to_owned()), (1, "45".to_owned())]);
}

#[test]
fn a_change_of_number_and_a_change_of_user_id_have_no_sender_entry() {
    let messages = messages("26");
    assert_eq!(messages.contacts, []);
    assert_eq!(messages.messages[0].sender_contact(&messages.contacts), None);
    let Content::System(notice) = content("26") else { panic!() };
    assert_eq!(notice.kind, "user_changed_number");
    assert_eq!(notice.wa_id.as_deref(), Some("5511999990011"));
    assert_eq!(notice.previous_user_id.as_deref(), Some(ANA));
    let Content::System(notice) = content("27") else { panic!() };
    assert_eq!(notice.kind, "user_changed_user_id");
    assert_eq!(notice.wa_id, None);
    assert_eq!(notice.user_id.as_deref(), Some("BR.10000000000000000013"));
    assert_eq!(message("27").from, None);
}

#[test]
fn what_meta_does_not_hand_over_says_why() {
    let poll = message("28");
    assert_eq!(poll.errors[0].code, 131_051);
    assert!(
        matches!(poll.content, Content::Unsupported(ref what) if what.kind.as_deref() == Some("poll_creation"))
    );
    let gone = message("29");
    assert_eq!(gone.errors[0].code, 131_060);
    assert!(matches!(gone.content, Content::Unsupported(ref what) if what.kind.is_none()));
}

#[test]
fn edits_and_revocations_name_the_original() {
    let Content::Edit(edit) = content("30") else { panic!() };
    assert_eq!(edit.original_message_id, message("01").id);
    assert_eq!(edit.content.preview_text().as_deref(), Some("Oi! Meu pedido #4812 ainda não chegou"));
    let Content::Revoke(revoke) = content("31") else { panic!() };
    assert_eq!(revoke.original_message_id, message("03").id);
}

#[test]
fn a_message_in_a_group_names_the_group() {
    assert_eq!(
        message("32").group_id.as_deref(),
        Some("HBgNNTUxMTk0MDAyMDAwMRUCABIYFDNBNEE2NTk5QUVFMDM4MTAxNDRGAA")
    );
    assert_eq!(message("01").group_id, None);
}

#[test]
fn errors_of_a_whole_change_have_no_message() {
    let messages = messages("33");
    assert_eq!(messages.messages, []);
    assert_eq!(messages.statuses, []);
    assert_eq!(messages.errors[0].code, 130_429);
    assert!(messages.errors[0].text().starts_with("Message failed to send"));
}

#[test]
fn stored_content_is_read_again_unchanged() {
    let mut seen = 0;
    for (name, body) in all_webhooks() {
        let envelope = whatsapp::webhook::parse(&body).unwrap();
        for (_, change) in envelope.changes() {
            let whatsapp::webhook::Change::Messages(messages) = change else { continue };
            for message in &messages.messages {
                let stored = serde_json::to_vec(&message.content).unwrap();
                let read: Content = serde_json::from_slice(&stored).unwrap();
                assert_eq!(read, message.content, "{name}");
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 32);
}
