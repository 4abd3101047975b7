//! Which passwords may be chosen (NIST SP 800-63B-4, section 3.1.1).
//!
//! Length, and nothing that is quickly guessed: common passwords, names, dates, keyboard rows, repetitions, and words that
//! lie near at hand (the product, the tenant, the person). Which characters it is made of is nobody's business.

use crate::error::FieldError;
use zxcvbn::zxcvbn;

/// A password that is all there is.
pub(super) const SHORTEST_ALONE: usize = 15;
/// A password beside a second factor.
pub(super) const SHORTEST_WITH_MFA: usize = 8;
/// More would only keep the hash busy.
const LONGEST: usize = 256;
/// A guesser who knows the usual lists and tricks must need more tries than this for a password that is all there is. The
/// 30,000 most common ones, repeated until they are long enough, or with a few digits behind them, all need fewer.
const LEAST_GUESSES_ALONE: u64 = 100_000_000;
/// The same beside a second factor: the 30,000 most common ones and their usual variations.
const LEAST_GUESSES_WITH_MFA: u64 = 1_000_000;

/// What is wrong with a password that somebody wants, if anything. `context` is what lies near at hand: names and addresses.
pub fn password_problem(
    field: &'static str,
    password: &str,
    context: &[String],
    has_mfa: bool,
) -> Option<FieldError> {
    let shortest = if has_mfa { SHORTEST_WITH_MFA } else { SHORTEST_ALONE };
    let length = password.chars().count();
    if length < shortest {
        return Some(FieldError::new(
            field,
            "too_short",
            format!("A password has at least {shortest} characters here."),
        ));
    }
    if length > LONGEST {
        return Some(FieldError::new(field, "too_long", "A password has at most 256 characters."));
    }
    let near: Vec<String> = context.iter().flat_map(|text| words(text)).chain(["zelo".to_owned()]).collect();
    let near: Vec<&str> = near.iter().map(String::as_str).collect();
    let least = if has_mfa { LEAST_GUESSES_WITH_MFA } else { LEAST_GUESSES_ALONE };
    if zxcvbn(password, &near).guesses() < least {
        let message =
            "This password is common, or made of words that lie near at hand. Choose several unusual words.";
        return Some(FieldError::new(field, "too_common", message));
    }
    None
}

/// The words of a name or an address, and the whole without its gaps.
fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let mut words: Vec<String> = lower
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| word.chars().count() >= 3)
        .map(str::to_owned)
        .collect();
    words.push(lower.chars().filter(|letter| letter.is_alphanumeric()).collect());
    words.push(lower);
    words
}
