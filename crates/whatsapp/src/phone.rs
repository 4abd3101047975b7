//! Phone numbers as digits without a plus, and Brazil's ninth digit.
//!
//! Brazil put a 9 before every mobile number between 2012 and 2016, but the WhatsApp id of many accounts still lacks
//! it: the person at +55 31 99999-0002 may be `553199990002` to Meta. Nothing official says when, so both spellings
//! are taken for the same person, and the one with the 9 is the one that is stored, shown and compared.
//! Landlines (8 digits that start with 2 to 5) are legal WhatsApp numbers and never get a 9.

use std::fmt;

use serde::{Deserialize, Serialize};

/// E.164 allows 15 digits; the shortest numbers with a country code have 7.
const LENGTHS: std::ops::RangeInclusive<usize> = 7..=15;

/// A phone number in its canonical spelling: digits with the country code, and with the ninth digit where Brazil has one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

/// The text holds no phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a phone number has 7 to 15 digits with its country code")]
pub struct NotAPhone;

impl Phone {
    /// Reads a number that already has its country code, such as a `wa_id`. Everything but digits is ignored.
    pub fn parse(text: &str) -> Result<Self, NotAPhone> {
        Self::from_digits(&digits_of(text))
    }

    /// Reads what a person typed or imported.
    ///
    /// A leading `+` or `00` marks a number with its country code. Without it a trunk `0` is dropped, and in Brazil
    /// 10 or 11 digits are a number without country code. A text with anything but digits and what people put between
    /// them is none: it is a name in the wrong field, or an attack.
    pub fn parse_input(text: &str, in_brazil: bool) -> Result<Self, NotAPhone> {
        let text = text.trim();
        if !text.strip_prefix('+').unwrap_or(text).chars().all(|it| it.is_ascii_digit() || is_between(it)) {
            return Err(NotAPhone);
        }
        let digits = digits_of(text);
        if text.starts_with('+') {
            return Self::from_digits(&digits);
        }
        if let Some(international) = digits.strip_prefix("00") {
            return Self::from_digits(international);
        }
        let national = digits.strip_prefix('0').unwrap_or(&digits);
        if in_brazil && matches!(national.len(), 10 | 11) {
            return Self::from_digits(&format!("55{national}"));
        }
        Self::from_digits(national)
    }

    fn from_digits(digits: &str) -> Result<Self, NotAPhone> {
        if !LENGTHS.contains(&digits.len()) {
            return Err(NotAPhone);
        }
        Ok(Self(canonical(digits)))
    }

    /// The canonical digits, without a plus.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Every spelling under which the number may be known, the canonical one first.
    pub fn variants(&self) -> Vec<String> {
        let mut spellings = vec![self.0.clone()];
        spellings.extend(without_ninth_digit(&self.0));
        spellings
    }

    /// The number as a person reads it, `+55 (31) 99999-0002`. Numbers of other countries are not grouped.
    pub fn display(&self) -> String {
        match brazilian(&self.0) {
            Some((ddd, local)) => {
                let (head, tail) = local.split_at(local.len().saturating_sub(4));
                format!("+55 ({ddd}) {head}-{tail}")
            }
            None => format!("+{}", self.0),
        }
    }

    /// The number as the Cloud API wants it in `to`. Always with a plus: without it Meta puts the country code of the
    /// business number in front.
    pub fn to_e164(&self) -> String {
        format!("+{}", self.0)
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.display())
    }
}

impl From<Phone> for String {
    fn from(phone: Phone) -> Self {
        phone.0
    }
}

impl TryFrom<String> for Phone {
    type Error = NotAPhone;

    fn try_from(text: String) -> Result<Self, NotAPhone> {
        Self::parse(&text)
    }
}

/// What people put between the digits of a number; pages and documents put hard spaces and hyphens of several lengths.
fn is_between(letter: char) -> bool {
    matches!(letter, ' ' | '\u{a0}' | '\u{202f}' | '-' | '\u{2010}'..='\u{2013}' | '(' | ')' | '.' | '/')
}

/// The canonical spelling of digits with a country code: a Brazilian mobile number gets its ninth digit, everything
/// else stays as it is.
pub fn canonical(digits: &str) -> String {
    match brazilian(digits) {
        Some((ddd, local)) if local.len() == 8 && starts_with_digit(local, b'6'..=b'9') => {
            format!("55{ddd}9{local}")
        }
        _ => digits.to_owned(),
    }
}

/// The spelling without the ninth digit, if the number existed before Brazil introduced it.
fn without_ninth_digit(digits: &str) -> Option<String> {
    let (ddd, local) = brazilian(digits)?;
    let old = local.strip_prefix('9').filter(|old| old.len() == 8 && starts_with_digit(old, b'6'..=b'9'))?;
    Some(format!("55{ddd}{old}"))
}

/// The area code and the 8 or 9 digits after it, if these are the digits of a Brazilian subscriber.
fn brazilian(digits: &str) -> Option<(&str, &str)> {
    let national = digits.strip_prefix("55").filter(|rest| rest.bytes().all(|b| b.is_ascii_digit()))?;
    let (ddd, local) = national.split_at_checked(2)?;
    (is_area_code(ddd) && matches!(local.len(), 8 | 9)).then_some((ddd, local))
}

/// The 67 area codes of Brazil (Anatel's list of códigos nacionais).
fn is_area_code(ddd: &str) -> bool {
    matches!(
        ddd.parse::<u8>(),
        Ok(
            11..=19
            | 21
            | 22
            | 24
            | 27
            | 28
            | 31..=35
            | 37
            | 38
            | 41..=49
            | 51
            | 53..=55
            | 61..=69
            | 71
            | 73..=75
            | 77
            | 79
            | 81..=89
            | 91..=99,
        )
    )
}

fn starts_with_digit(text: &str, digits: std::ops::RangeInclusive<u8>) -> bool {
    text.bytes().next().is_some_and(|first| digits.contains(&first))
}

fn digits_of(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn variants_of(text: &str) -> Vec<String> {
        Phone::parse(text).unwrap().variants()
    }

    #[test]
    fn both_spellings_of_a_brazilian_mobile_are_one_number() {
        assert_eq!(variants_of("5511999990001"), ["5511999990001", "551199990001"]);
        assert_eq!(variants_of("553199990002"), ["5531999990002", "553199990002"]);
        assert_eq!(variants_of("+55 (31) 99999-0002"), ["5531999990002", "553199990002"]);
    }

    #[test]
    fn landlines_service_numbers_and_foreign_numbers_never_get_a_nine() {
        for digits in
            ["554532330004", "558004002000", "351912345678", "551012345678", "5520999990001", "14155552671"]
        {
            assert_eq!(variants_of(digits), [digits]);
        }
    }

    #[test]
    fn a_number_born_with_nine_digits_has_no_shorter_twin() {
        assert_eq!(variants_of("5511912345678"), ["5511912345678"]);
    }

    #[test]
    fn the_area_codes_are_the_sixty_seven_of_anatel() {
        let codes = (0..100).filter(|code| is_area_code(&format!("{code:02}"))).count();
        assert_eq!(codes, 67);
        for absent in
            ["10", "20", "23", "25", "26", "29", "36", "39", "50", "52", "56", "72", "76", "78", "80", "90"]
        {
            assert!(!is_area_code(absent), "{absent}");
        }
    }

    #[test]
    fn what_a_brazilian_types_gets_the_country_code() {
        for typed in
            ["(31) 99999-0002", "31 9999-0002", "031 99999-0002", "5531999990002", "+55 31 9999-0002"]
        {
            assert_eq!(Phone::parse_input(typed, true).unwrap().as_str(), "5531999990002", "{typed}");
        }
        assert_eq!(Phone::parse_input("0800 400 2000", true).unwrap().as_str(), "558004002000");
        assert_eq!(Phone::parse_input("(45) 3233-0004", true).unwrap().as_str(), "554532330004");
    }

    #[test]
    fn a_number_marked_as_international_keeps_its_country() {
        assert_eq!(Phone::parse_input("+1 415 555 2671", true).unwrap().as_str(), "14155552671");
        assert_eq!(Phone::parse_input("0044 20 7946 0018", true).unwrap().as_str(), "442079460018");
        assert_eq!(Phone::parse_input("14155552671", false).unwrap().as_str(), "14155552671");
    }

    #[test]
    fn a_text_without_a_number_is_refused() {
        for text in ["", "Ana", "123", "1234567890123456", "BR."] {
            assert_eq!(Phone::parse(text), Err(NotAPhone), "{text}");
        }
        assert!(serde_json::from_str::<Phone>(r#""12""#).is_err());
    }

    #[test]
    fn what_a_person_types_is_a_number_and_nothing_else() {
        for text in
            ["ana 11 98765-4321", "x' or 500000000--", "11+987654321", "1;2;3;4;5;6;7", "(11) 98765-4321<br>"]
        {
            assert_eq!(Phone::parse_input(text, true), Err(NotAPhone), "{text}");
        }
        let typed = " +55\u{a0}(11)\u{202f}98765\u{2011}4321 ";
        assert_eq!(Phone::parse_input(typed, true).unwrap().as_str(), "5511987654321");
    }

    #[test]
    fn numbers_are_shown_as_brazil_writes_them() {
        assert_eq!(Phone::parse("553199990002").unwrap().display(), "+55 (31) 99999-0002");
        assert_eq!(Phone::parse("554532330004").unwrap().display(), "+55 (45) 3233-0004");
        assert_eq!(Phone::parse("558004002000").unwrap().display(), "+558004002000");
        assert_eq!(Phone::parse("351912345678").unwrap().display(), "+351912345678");
    }

    proptest! {
        #[test]
        fn every_variant_leads_to_the_same_number(digits in "(55[1-9][1-9][0-9]{8,9}|[1-9][0-9]{6,14})") {
            let phone = Phone::parse(&digits).unwrap();
            prop_assert!(phone.variants().contains(&digits));
            for variant in phone.variants() {
                prop_assert_eq!(&Phone::parse(&variant).unwrap(), &phone);
            }
            prop_assert_eq!(&Phone::parse(&phone.display()).unwrap(), &phone);
            prop_assert_eq!(&Phone::parse_input(&phone.to_e164(), true).unwrap(), &phone);
        }
    }
}
