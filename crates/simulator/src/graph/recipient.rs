//! Whom a send is for.

use serde_json::{Value, json};
use whatsapp::phone::Phone;

use super::fault::Fault;
use crate::channel::Channel;
use crate::contact::{Contact, NewContact};
use crate::scene::Scene;

/// The person, and how the answer names them.
pub(crate) struct Recipient {
    pub(crate) contact: Contact,
    /// The entry of `contacts[]` in the answer.
    pub(crate) answer: Value,
    pub(crate) by_user_id: bool,
}

/// Finds the person of `to` or `recipient`; `to` wins. Somebody unknown with a proper number is added: everybody has
/// WhatsApp here unless it was said otherwise.
pub(crate) fn find(scene: &mut Scene, channel: &Channel, body: &Value) -> Result<Recipient, Fault> {
    let given = |key: &str| body.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    match (given("to"), given("recipient")) {
        (Some(to), _) => by_number(scene, channel, to),
        (None, Some(user_id)) => by_user_id(scene, channel, user_id),
        (None, None) => Err(Fault::parameter("The parameter to is required.")),
    }
}

fn by_number(scene: &mut Scene, channel: &Channel, to: &str) -> Result<Recipient, Fault> {
    let phone = phone_of(scene, channel, to)
        .ok_or_else(|| Fault::of(131_009).with_details("to is not a valid phone number"))?;
    if phone == channel.phone {
        return Err(Fault::of(131_021));
    }
    let contact = match scene.contact_by_phone(&phone) {
        Some(contact) => contact.clone(),
        None => {
            let new = NewContact { phone: Some(phone.to_e164()), ..NewContact::default() };
            let id = scene.add_contact(new).map_err(|_| Fault::of(131_009))?;
            scene.contact(id).cloned().ok_or_else(|| Fault::of(131_000))?
        }
    };
    if contact.not_on_whatsapp {
        return Err(Fault::of(131_026));
    }
    let answer = json!({"input": to, "wa_id": contact.wa_id});
    Ok(Recipient { contact, answer, by_user_id: false })
}

fn by_user_id(scene: &Scene, channel: &Channel, user_id: &str) -> Result<Recipient, Fault> {
    // The id that another account knows somebody by is as good as none.
    let contact = scene
        .contact_by_user_id(user_id, &channel.waba_id)
        .ok_or_else(|| Fault::of(131_009).with_details("recipient is not a user of this business portfolio"))?
        .clone();
    let answer = json!({"input": user_id, "user_id": user_id});
    Ok(Recipient { contact, answer, by_user_id: true })
}

/// Reads `to` as Meta does: without a plus the country code of the business number is put in front, unless the digits
/// are a number that is known here or already start with that code and are long enough to be whole.
fn phone_of(scene: &Scene, channel: &Channel, to: &str) -> Option<Phone> {
    let given = Phone::parse(to).ok();
    if to.trim_start().starts_with('+') {
        return given;
    }
    let known = given.as_ref().is_some_and(|phone| scene.contact_by_phone(phone).is_some());
    let home = if channel.phone.as_str().starts_with("55") { "55" } else { "" };
    let whole =
        given.as_ref().is_some_and(|phone| phone.as_str().starts_with(home) && phone.as_str().len() >= 12);
    if known || whole { given } else { Phone::parse(&format!("{home}{to}")).ok() }
}
