//! What counts as one emoji.

/// Joins emojis to one, such as the members of a family.
const JOINER: char = '\u{200d}';
/// Asks for the coloured form of the character before it.
const COLOURED: char = '\u{fe0f}';
/// Puts a key around the character before it.
const KEY: char = '\u{20e3}';

/// Whether a text is one emoji (Unicode Technical Standard 51, section 1.4.9), without its table: letters, digits outside of
/// keys, blanks and marks of text are none, and everything else that is joined is one.
pub(super) fn is_one_emoji(text: &str) -> bool {
    let mut pictures = 0_usize;
    let mut flag_halves = 0_usize;
    let mut before = None;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '0'..='9' | '#' | '*' => {
                if characters.peek() == Some(&COLOURED) {
                    characters.next();
                }
                if characters.next() != Some(KEY) {
                    return false;
                }
                pictures += 1;
            }
            JOINER | COLOURED | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0020}'..='\u{e007f}' => {
                if before.is_none() {
                    return false;
                }
            }
            '\u{1f1e6}'..='\u{1f1ff}' => flag_halves += 1,
            _ if !is_picture(character) => return false,
            _ if before == Some(JOINER) => {}
            _ => pictures += 1,
        }
        before = Some(character);
    }
    before != Some(JOINER) && matches!((pictures, flag_halves), (1, 0) | (0, 2))
}

/// Whether a character may stand for a picture: the blocks in which Unicode puts them.
fn is_picture(character: char) -> bool {
    matches!(character,
        '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{3030}' | '\u{303d}'
        | '\u{3297}' | '\u{3299}' | '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{23ff}' | '\u{24c2}'
        | '\u{25a0}'..='\u{27bf}' | '\u{2900}'..='\u{297f}' | '\u{2b00}'..='\u{2bff}'
        | '\u{1f000}'..='\u{1faff}')
}

#[cfg(test)]
mod tests {
    use super::is_one_emoji;

    #[test]
    fn families_flags_keys_and_skins_are_one() {
        for emoji in ["👍", "👍🏽", "❤️", "❤", "👨‍👩‍👧‍👦", "🇧🇷", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🧑🏾‍💻", "☕", "✅", "🙏", "❤️‍🔥", "🫶🏿"]
        {
            assert!(is_one_emoji(emoji), "{emoji}");
        }
    }

    #[test]
    fn letters_blanks_and_two_of_them_are_not() {
        for text in [
            "",
            "a",
            "ok",
            "1",
            " ",
            "👍 ",
            "👍👍",
            "🇧🇷🇧🇷",
            "🇧",
            "👍a",
            "\u{fe0f}",
            "👍\u{200d}",
            "é",
            "漢",
            "\n",
        ] {
            assert!(!is_one_emoji(text), "{text:?}");
        }
    }
}
