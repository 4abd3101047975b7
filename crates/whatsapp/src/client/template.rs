//! Template messages: the only ones that may be sent outside the 24-hour window.

use serde::{Deserialize, Serialize};

use super::outbound::MediaSource;
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
        /// The position of the button, from 0.
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
        image: MediaSource,
    },
    Video {
        video: MediaSource,
    },
    Document {
        document: MediaSource,
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
