//! People as the pages show them: name, initials, a tone of colour.

/// How many avatar tones the design has; see `--tone-1` to `--tone-6` in `assets/css/tokens.css`.
const TONES: u32 = 6;

/// A contact or a member of staff who appears with an avatar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub name: String,
    /// One or two characters.
    pub initials: String,
    /// 1 to 6; the same person always has the same one.
    pub tone: u8,
}

impl Person {
    /// A person by name. `key` (an id) decides the tone, so that a change of name does not change the colour.
    pub fn new(name: &str, key: &[u8]) -> Self {
        Self { name: name.to_owned(), initials: initials(name), tone: tone(key) }
    }
}

/// The first letters of the first and the last word; of a mere number its last two digits; `?` of nothing.
fn initials(name: &str) -> String {
    let mut words = name
        .split(|letter: char| !letter.is_alphabetic())
        .filter_map(|word| word.chars().next())
        .flat_map(char::to_uppercase);
    let Some(first) = words.next() else {
        let digits: Vec<char> = name.chars().filter(char::is_ascii_digit).collect();
        let tail = digits.get(digits.len().saturating_sub(2)..).unwrap_or_default();
        return if tail.is_empty() { "?".to_owned() } else { tail.iter().collect() };
    };
    [Some(first), words.next_back()].into_iter().flatten().collect()
}

/// FNV-1a, folded to the number of tones: stable between processes, unlike the standard hasher.
fn tone(key: &[u8]) -> u8 {
    let hash =
        key.iter().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    u8::try_from(hash % TONES).unwrap_or_default() + 1
}

/// A phone number as people in its country write it: `+5511987654321` becomes `+55 11 98765-4321`. Only Brazilian numbers
/// are grouped; others keep their digits.
pub fn phone_text(number: &str) -> String {
    let digits = number.strip_prefix('+').unwrap_or(number);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return number.to_owned();
    }
    let brazilian = digits.strip_prefix("55").filter(|rest| matches!(rest.len(), 10 | 11));
    let Some(((area, local), head_length)) =
        brazilian.map(|rest| (rest.split_at(2), rest.len().saturating_sub(6)))
    else {
        return format!("+{digits}");
    };
    let (head, tail) = local.split_at(head_length);
    format!("+55 {area} {head}-{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_come_from_the_first_and_last_word() {
        assert_eq!(initials("Helena Duarte"), "HD");
        assert_eq!(initials("João Pedro de Ávila"), "JÁ");
        assert_eq!(initials("luiza.viaja"), "LV");
        assert_eq!(initials("Beto"), "B");
        assert_eq!(initials("+55 11 98765-4321"), "21");
        assert_eq!(initials("❤️"), "?");
        assert_eq!(initials(""), "?");
    }

    #[test]
    fn a_person_keeps_the_tone_when_the_name_changes() {
        let before = Person::new("Helena", b"contact-1");
        let after = Person::new("Helena Duarte", b"contact-1");
        assert_eq!(before.tone, after.tone);
        for key in 0..=255_u8 {
            assert!((1..=6).contains(&Person::new("Ana", &[key]).tone));
        }
    }

    #[test]
    fn brazilian_numbers_are_grouped_and_others_left_alone() {
        assert_eq!(phone_text("+5511987654321"), "+55 11 98765-4321");
        assert_eq!(phone_text("554832251234"), "+55 48 3225-1234");
        assert_eq!(phone_text("14155550123"), "+14155550123");
        assert_eq!(phone_text("BR.1234"), "BR.1234");
        assert_eq!(phone_text(""), "");
    }
}
