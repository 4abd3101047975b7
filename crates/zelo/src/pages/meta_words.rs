//! Meta's words for how numbers and templates stand, in the reader's language. A word that is not known is shown as it is.

use super::locale::{Lang, t};

/// How well people take what a number or a template sends: `GREEN`, `YELLOW`, `RED`, `UNKNOWN`.
pub fn quality(lang: Lang, word: &str) -> String {
    let key = match word {
        "GREEN" => "quality-high",
        "YELLOW" => "quality-medium",
        "RED" => "quality-low",
        "UNKNOWN" | "NA" => "quality-unknown",
        other => return other.to_owned(),
    };
    t(lang, key, &[])
}

/// What a template is for: `UTILITY`, `MARKETING`, `AUTHENTICATION`.
pub fn category(lang: Lang, word: &str) -> String {
    let key = match word {
        "UTILITY" => "template-category-utility",
        "MARKETING" => "template-category-marketing",
        "AUTHENTICATION" => "template-category-authentication",
        other => return other.to_owned(),
    };
    t(lang, key, &[])
}
