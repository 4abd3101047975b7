//! Which number a body is about, without reading it.

use memchr::memmem;

/// The value of the first `"phone_number_id"` in the body.
///
/// It is found by searching bytes and is only good for choosing where to look first: the body may be forged, hold
/// several numbers, or mention the key inside a text. Account and template notices have none.
pub fn phone_number_id_hint(body: &[u8]) -> Option<&str> {
    let key = b"\"phone_number_id\"";
    let after_key = body.get(memmem::find(body, key)?.checked_add(key.len())?..)?;
    let after_colon = after_key.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
    // Meta writes a text; a number is read as well.
    let value = after_colon.strip_prefix(b"\"").unwrap_or(after_colon);
    let digits =
        value.iter().position(|byte| !byte.is_ascii_digit()).map_or(value, |end| value.split_at(end).0);
    std::str::from_utf8(digits).ok().filter(|digits| !digits.is_empty())
}

#[cfg(test)]
mod tests {
    use super::phone_number_id_hint;

    #[test]
    fn the_first_number_is_found_whatever_the_spacing() {
        for body in [
            r#"{"phone_number_id":"42","x":{"phone_number_id":"43"}}"#,
            "{\"phone_number_id\" : \n\t\"42\"}",
            r#"{"phone_number_id":42}"#,
        ] {
            assert_eq!(phone_number_id_hint(body.as_bytes()), Some("42"), "{body}");
        }
    }

    #[test]
    fn bodies_without_a_number_give_no_hint() {
        for body in
            ["", "{}", r#"{"phone_number_id""#, r#"{"phone_number_id":"abc"}"#, r#"{"phone_number_id":""}"#]
        {
            assert_eq!(phone_number_id_hint(body.as_bytes()), None, "{body}");
        }
    }
}
