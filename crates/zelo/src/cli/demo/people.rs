//! Who appears in the demo: the hotel's staff and its guests. Names and numbers are invented.

use super::super::{failure::Result, simulator::WABA_ID};
use crate::identity::Role;
use serde_json::json;
use simulator::{ContactId, NewContact, Simulator};

/// One of the hotel's staff.
pub(in crate::cli) struct Colleague {
    pub(in crate::cli) name: &'static str,
    pub(in crate::cli) email: &'static str,
    pub(in crate::cli) role: Role,
}

pub(in crate::cli) const ANA: &str = "ana@hotel-mirante.example.com";
pub(in crate::cli) const BETO: &str = "beto@hotel-mirante.example.com";

/// The hotel's staff.
pub(in crate::cli) const STAFF: [Colleague; 4] = [
    Colleague { name: "Ana Prado", email: ANA, role: Role::Agent },
    Colleague { name: "Beto Lima", email: BETO, role: Role::Agent },
    Colleague { name: "Carla Souza", email: "carla@hotel-mirante.example.com", role: Role::Supervisor },
    Colleague { name: "Marina Dias", email: "marina@hotel-mirante.example.com", role: Role::Owner },
];

/// The platform's owner.
pub(in crate::cli) const PLATFORM_OWNER: Colleague =
    Colleague { name: "Zelo", email: "admin@zelo.example.com", role: Role::SuperAdmin };

/// A guest of the hotel.
struct Guest {
    name: &'static str,
    phone: Option<&'static str>,
    username: Option<&'static str>,
}

/// Marcos, Célia and Tomás have numbers that Meta spells without the ninth digit; Luiza is known by her user name alone;
/// Inês writes from Portugal.
const GUESTS: [Guest; 6] = [
    Guest { name: HELENA, phone: Some("+55 11 98765-4321"), username: None },
    Guest { name: MARCOS, phone: Some("+55 48 99123-4567"), username: None },
    Guest { name: LUIZA, phone: None, username: Some("luiza.viaja") },
    Guest { name: CELIA, phone: Some("+55 31 99876-1234"), username: None },
    Guest { name: INES, phone: Some("+351 912 345 678"), username: None },
    Guest { name: TOMAS, phone: Some("+55 51 99555-0142"), username: None },
];

pub(in crate::cli) const HELENA: &str = "Helena Duarte";
pub(in crate::cli) const MARCOS: &str = "Marcos Antunes";
pub(in crate::cli) const LUIZA: &str = "Luiza Viaja";
pub(in crate::cli) const CELIA: &str = "Célia Ramos";
pub(in crate::cli) const INES: &str = "Inês Carvalho";
pub(in crate::cli) const TOMAS: &str = "Tomás Ferraz";

/// Give every guest a phone in the simulator, and the hotel its approved templates.
pub(in crate::cli) fn move_in(simulator: &Simulator) -> Result<()> {
    for guest in &GUESTS {
        simulator.add_contact(NewContact {
            name: guest.name.into(),
            phone: guest.phone.map(Into::into),
            username: guest.username.map(Into::into),
            ..NewContact::default()
        })?;
    }
    for (name, category, body, examples) in TEMPLATES {
        let body = json!({"type": "BODY", "text": body, "example": {"body_text": [examples]}});
        let buttons =
            json!({"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Falar com a equipe"}]});
        simulator.add_template(WABA_ID, name, "pt_BR", category, vec![body, buttons]);
    }
    Ok(())
}

/// What Meta has approved for the hotel: name, category, text, and examples of its variables.
const TEMPLATES: [(&str, &str, &str, &[&str]); 2] = [
    (
        "reserva_confirmada",
        "UTILITY",
        "Olá {{1}}, sua reserva {{2}} está confirmada. Esperamos por você!",
        &["Helena", "MR-4821"],
    ),
    (
        "quarto_pronto",
        "UTILITY",
        "Olá {{1}}, seu quarto já está pronto. A recepção atende dia e noite.",
        &["Marcos"],
    ),
];

/// A guest's phone.
pub(in crate::cli) fn find(simulator: &Simulator, name: &str) -> Option<ContactId> {
    simulator.contacts().into_iter().find(|contact| contact.name == name).map(|contact| contact.id)
}
