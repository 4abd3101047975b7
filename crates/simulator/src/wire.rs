//! JSON as Meta writes it.

use bytes::Bytes;
use serde_json::Value;

/// Minified, with every character above U+007F as `\u` and four lower-case hexadecimal digits, emoji as two of them. A
/// receiver that decodes and encodes before it checks the signature fails, as it would with the real Meta.
pub(crate) fn escaped(value: &Value) -> Bytes {
    let plain = value.to_string();
    if plain.is_ascii() {
        return plain.into();
    }
    let mut escaped = String::with_capacity(plain.len().saturating_mul(2));
    let mut units = [0; 2];
    for character in plain.chars() {
        if character.is_ascii() {
            escaped.push(character);
        } else {
            for unit in character.encode_utf16(&mut units) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    escaped.into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn letters_and_emoji_are_escaped_and_mean_the_same() {
        let value = json!({"t": "ç 😕 \" \\ \n"});
        let wire = escaped(&value);
        assert_eq!(&wire[..], br#"{"t":"\u00e7 \ud83d\ude15 \" \\ \n"}"#);
        assert_eq!(serde_json::from_slice::<Value>(&wire).unwrap(), value);
    }
}
