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

/// How many people may be written to first in 24 hours: `TIER_250`, `TIER_2K`, `TIER_UNLIMITED`, or a number.
pub fn limit(lang: Lang, word: &str) -> String {
    let bare = word.strip_prefix("TIER_").unwrap_or(word);
    if bare == "UNLIMITED" {
        return t(lang, "limit-none", &[]);
    }
    let thousands = bare.strip_suffix('K').and_then(|digits| digits.parse::<u32>().ok());
    let mark = if lang == Lang::English { ',' } else { '.' };
    match (thousands, bare.parse::<u32>()) {
        (Some(thousands), _) => format!("{thousands}{mark}000"),
        (None, Ok(people)) if people >= 1_000 => format!("{}{mark}{:03}", people / 1_000, people % 1_000),
        (None, Ok(people)) => people.to_string(),
        (None, Err(_)) => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_as_numbers() {
        for (word, read) in
            [("TIER_250", "250"), ("TIER_2K", "2.000"), ("TIER_100K", "100.000"), ("1000", "1.000")]
        {
            assert_eq!(limit(Lang::Portuguese, word), read);
        }
        assert_eq!(limit(Lang::English, "TIER_10K"), "10,000");
        assert_eq!(limit(Lang::Portuguese, "TIER_UNLIMITED"), "sem limite");
        assert_eq!(limit(Lang::English, "TIER_NEW"), "TIER_NEW");
    }
}
