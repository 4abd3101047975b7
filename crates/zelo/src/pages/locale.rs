//! Languages of the pages and the look-up of their texts.

use std::{borrow::Cow, collections::HashMap};

use fluent_templates::{LanguageIdentifier, Loader, fluent_bundle::FluentValue, langid, static_loader};

static_loader! {
    static TEXTS = {
        locales: "../../locales",
        fallback_language: "pt-BR",
        // Isolation marks would put U+2068 and U+2069 around every number and name, also inside attributes.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

static PORTUGUESE: LanguageIdentifier = langid!("pt-BR");
static ENGLISH: LanguageIdentifier = langid!("en");

/// A language that the pages are written in. Portuguese is the default of the product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lang {
    #[default]
    Portuguese,
    English,
}

/// Every language, in the order in which the pages offer them.
pub const LANGS: [Lang; 2] = [Lang::Portuguese, Lang::English];

impl Lang {
    /// The BCP 47 tag, as used in `<html lang>`, in the `lang` form field and in the cookie.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Portuguese => "pt-BR",
            Self::English => "en",
        }
    }

    /// The name of the language in the language itself.
    pub fn own_name(self) -> &'static str {
        match self {
            Self::Portuguese => "Português",
            Self::English => "English",
        }
    }

    /// The language of a tag such as `pt`, `pt-PT` or `en-GB`; `None` for one that the pages do not speak.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("pt") {
            Some(Self::Portuguese)
        } else if primary.eq_ignore_ascii_case("en") {
            Some(Self::English)
        } else {
            None
        }
    }

    fn id(self) -> &'static LanguageIdentifier {
        match self {
            Self::Portuguese => &PORTUGUESE,
            Self::English => &ENGLISH,
        }
    }
}

/// The language of a visitor: what they chose before (`cookie`), else the best of the `Accept-Language` header
/// (RFC 9110, section 12.5.4), else Portuguese.
pub fn choose(cookie: Option<&str>, accept_language: Option<&str>) -> Lang {
    cookie.and_then(Lang::from_tag).or_else(|| best_accepted(accept_language?)).unwrap_or_default()
}

fn best_accepted(header: &str) -> Option<Lang> {
    let mut best: Option<(f32, Lang)> = None;
    for range in header.split(',') {
        let mut parts = range.split(';');
        let Some(lang) = parts.next().and_then(Lang::from_tag) else { continue };
        let quality = parts
            .find_map(|part| part.trim().strip_prefix("q="))
            .map_or(Some(1.0), |value| value.trim().parse::<f32>().ok())
            .unwrap_or(0.0);
        if quality > best.map_or(0.0, |(known, _)| known) {
            best = Some((quality, lang));
        }
    }
    best.map(|(_, lang)| lang)
}

/// The text of `key` in `lang`, with `args` put in. A key that no locale has comes back as itself, so that a mistake is
/// seen on the page and by the tests instead of stopping the page.
pub fn t(lang: Lang, key: &str, args: &[(&'static str, FluentValue<'_>)]) -> String {
    let found = if args.is_empty() {
        TEXTS.try_lookup(lang.id(), key)
    } else {
        let args: HashMap<Cow<'static, str>, FluentValue<'_>> =
            args.iter().map(|(name, value)| (Cow::Borrowed(*name), value.clone())).collect();
        TEXTS.try_lookup_with_args(lang.id(), key, &args)
    };
    found.unwrap_or_else(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_made_before_wins_over_the_browser() {
        assert_eq!(choose(Some("en"), Some("pt-BR,pt;q=0.9")), Lang::English);
        assert_eq!(choose(Some("pt-BR"), Some("en")), Lang::Portuguese);
    }

    #[test]
    fn the_browser_s_best_known_language_is_taken() {
        assert_eq!(choose(None, Some("fr-FR, en-GB;q=0.7, pt;q=0.3")), Lang::English);
        assert_eq!(choose(None, Some("en;q=0.2, pt-PT;q=0.8")), Lang::Portuguese);
        assert_eq!(choose(Some("klingon"), Some("en-US")), Lang::English);
    }

    #[test]
    fn who_speaks_neither_reads_portuguese() {
        assert_eq!(choose(None, None), Lang::Portuguese);
        assert_eq!(choose(None, Some("fr, de;q=0.5")), Lang::Portuguese);
        assert_eq!(choose(None, Some("en;q=0, *")), Lang::Portuguese);
    }

    #[test]
    fn plurals_and_names_are_put_in_without_marks() {
        let one = t(Lang::English, "unread-count", &[("count", 1.into())]);
        let many = t(Lang::English, "unread-count", &[("count", 3.into())]);
        assert_eq!((one.as_str(), many.as_str()), ("1 unread message", "3 unread messages"));
        let name = t(Lang::Portuguese, "composer-label", &[("name", "Helena".into())]);
        assert_eq!(name, "Mensagem para Helena");
    }

    #[test]
    fn a_missing_text_shows_its_key() {
        assert_eq!(t(Lang::English, "no-such-text", &[]), "no-such-text");
    }
}
