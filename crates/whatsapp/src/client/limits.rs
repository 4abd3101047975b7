//! Meta's limits on what one message may hold. Checked before a call, a person can be told which part is too long;
//! Meta says 100 or 131009 for all of them.

use super::interactive::{Action, Button, Interactive, Section};
use super::outbound::{OutboundContent, OutboundMessage};

/// The part that is too long, and its limit: characters, or a number of pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{part} is above Meta's limit of {limit}")]
pub struct OverLimit {
    pub part: &'static str,
    pub limit: usize,
}

impl OutboundMessage {
    /// Checks the message against the limits of Meta's pages messages/*.
    pub fn check_limits(&self) -> Result<(), OverLimit> {
        if let Some(data) = &self.biz_opaque_callback_data {
            characters("biz_opaque_callback_data", data, 512)?;
        }
        match &self.content {
            OutboundContent::Text(text) => characters("text.body", &text.body, 4_096),
            OutboundContent::Image(media)
            | OutboundContent::Video(media)
            | OutboundContent::Document(media)
            | OutboundContent::Audio(media)
            | OutboundContent::Sticker(media) => {
                characters("caption", media.caption.as_deref().unwrap_or_default(), 1_024)
            }
            OutboundContent::Contacts(cards) => at_most("contacts", cards.len(), 257),
            OutboundContent::Interactive(interactive) => interactive.check_limits(),
            OutboundContent::Location(_) | OutboundContent::Reaction(_) | OutboundContent::Template(_) => {
                Ok(())
            }
        }
    }
}

impl Interactive {
    fn check_limits(&self) -> Result<(), OverLimit> {
        let body = if matches!(self.action, Action::List { .. }) { 4_096 } else { 1_024 };
        characters("body", &self.body.text, body)?;
        if let Some(footer) = &self.footer {
            characters("footer", &footer.text, 60)?;
        }
        match &self.action {
            Action::Button { buttons } => check_buttons(buttons),
            Action::List { button, sections } => check_list(button, sections),
            Action::CtaUrl(super::CtaUrlAction::CtaUrl { display_text, .. }) => {
                characters("display_text", display_text, 20)
            }
            Action::Flow(super::FlowAction::Flow(flow)) => characters("flow_cta", &flow.flow_cta, 30),
            Action::LocationRequestMessage(_)
            | Action::RequestContactInfo(_)
            | Action::Product(_)
            | Action::ProductList { .. }
            | Action::CatalogMessage(_) => Ok(()),
        }
    }
}

fn check_buttons(buttons: &[Button]) -> Result<(), OverLimit> {
    at_most("buttons", buttons.len(), 3)?;
    buttons.iter().try_for_each(|Button::Reply(button)| {
        characters("button id", &button.id, 256)?;
        characters("button title", &button.title, 20)
    })
}

fn check_list(button: &str, sections: &[Section]) -> Result<(), OverLimit> {
    characters("list button", button, 20)?;
    at_most("rows", sections.iter().map(|section| section.rows.len()).sum(), 10)?;
    for section in sections {
        characters("section title", section.title.as_deref().unwrap_or_default(), 24)?;
        for row in &section.rows {
            characters("row id", &row.id, 200)?;
            characters("row title", &row.title, 24)?;
            characters("row description", row.description.as_deref().unwrap_or_default(), 72)?;
        }
    }
    Ok(())
}

fn characters(part: &'static str, text: &str, limit: usize) -> Result<(), OverLimit> {
    at_most(part, text.chars().count(), limit)
}

fn at_most(part: &'static str, found: usize, limit: usize) -> Result<(), OverLimit> {
    if found > limit { Err(OverLimit { part, limit }) } else { Ok(()) }
}
