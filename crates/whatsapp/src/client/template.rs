//! Template messages: the only ones that may be sent outside the 24-hour window.

use serde::{Deserialize, Serialize};

use super::outbound::OutboundMedia;
use crate::lenient;
use crate::webhook::Location;

/// An approved template with its variables filled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SentTemplate {
    pub name: String,
    pub language: Language,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<Component>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Language {
    /// Such as `pt_BR`.
    pub code: String,
}

impl SentTemplate {
    /// A template whose body takes these texts in order, or none.
    pub fn new(
        name: impl Into<String>,
        language: impl Into<String>,
        body: impl IntoIterator<Item = String>,
    ) -> Self {
        let parameters: Vec<Parameter> =
            body.into_iter().map(|text| Parameter::Text { parameter_name: None, text }).collect();
        let components = if parameters.is_empty() { vec![] } else { vec![Component::Body { parameters }] };
        Self { name: name.into(), language: Language { code: language.into() }, components }
    }

    /// The values of the header.
    pub fn header(&self) -> &[Parameter] {
        let found = self.components.iter().find(|component| matches!(component, Component::Header { .. }));
        found.map(Component::parameters).unwrap_or_default()
    }

    /// The values of the body.
    pub fn body(&self) -> &[Parameter] {
        let found = self.components.iter().find(|component| matches!(component, Component::Body { .. }));
        found.map(Component::parameters).unwrap_or_default()
    }

    /// Type, position and values of each button that has some.
    pub fn buttons(&self) -> impl Iterator<Item = (&str, u8, &[Parameter])> {
        self.components.iter().filter_map(|component| match component {
            Component::Button { sub_type, index, parameters } => {
                Some((sub_type.as_str(), *index, parameters.as_slice()))
            }
            _ => None,
        })
    }

    /// The file of the header, and Meta's word for its kind.
    pub fn file(&self) -> Option<(&'static str, &OutboundMedia)> {
        self.header().iter().find_map(|parameter| match parameter {
            Parameter::Image { image } => Some(("image", image)),
            Parameter::Video { video } => Some(("video", video)),
            Parameter::Document { document } => Some(("document", document)),
            _ => None,
        })
    }

    /// The same, to be named otherwise.
    pub fn file_mut(&mut self) -> Option<&mut OutboundMedia> {
        let header = self.components.iter_mut().find_map(|component| match component {
            Component::Header { parameters } => Some(parameters),
            _ => None,
        });
        header?.iter_mut().find_map(|parameter| match parameter {
            Parameter::Image { image: file }
            | Parameter::Video { video: file }
            | Parameter::Document { document: file } => Some(file),
            _ => None,
        })
    }
}

impl Component {
    fn parameters(&self) -> &[Parameter] {
        match self {
            Self::Header { parameters } | Self::Body { parameters } | Self::Button { parameters, .. } => {
                parameters
            }
        }
    }
}

/// The variables of one part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Component {
    Header {
        parameters: Vec<Parameter>,
    },
    Body {
        parameters: Vec<Parameter>,
    },
    Button {
        /// `quick_reply`, `url`, `copy_code`, `flow`.
        sub_type: String,
        /// The position of the button, from 0. Meta's examples write it as a text.
        #[serde(deserialize_with = "lenient::position")]
        index: u8,
        parameters: Vec<Parameter>,
    },
}

/// One variable. Positional ones count by order; named ones carry `parameter_name`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Parameter {
    Text {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parameter_name: Option<String>,
        text: String,
    },
    Image {
        image: OutboundMedia,
    },
    Video {
        video: OutboundMedia,
    },
    Document {
        document: OutboundMedia,
    },
    Location {
        location: Location,
    },
    /// What a quick reply sends back.
    Payload {
        payload: String,
    },
    CouponCode {
        coupon_code: String,
    },
}
