//! WhatsApp's text marks (`*bold*`, `_italic_`, `~struck~`, `` ```code``` ``) and web addresses, as pieces that templates
//! escape and wrap. Source of the marks: <https://faq.whatsapp.com/539178204879377>.

/// How a piece of text is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Bold,
    Italic,
    Struck,
    Code,
    /// The text is an `http` or `https` address.
    Link,
}

/// A stretch of text in one style. The text has lost its marks and is not escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    pub(super) style: Style,
    pub(super) text: &'a str,
}

const MARKS: [(&str, Style); 5] = [
    ("```", Style::Code),
    ("`", Style::Code),
    ("*", Style::Bold),
    ("_", Style::Italic),
    ("~", Style::Struck),
];

/// Split `text` into pieces. Marks inside marks stay as they were typed.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut plain_from = 0;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let before = text.get(..at).unwrap_or_default();
        let special = if before.chars().next_back().is_some_and(char::is_alphanumeric) {
            None
        } else {
            marked(rest).or_else(|| address(rest))
        };
        if let Some((piece, length)) = special {
            push_plain(&mut found, text.get(plain_from..at));
            found.push(piece);
            at += length;
            plain_from = at;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    push_plain(&mut found, text.get(plain_from..));
    found
}

fn push_plain<'a>(found: &mut Vec<Piece<'a>>, text: Option<&'a str>) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        found.push(Piece { style: Style::Plain, text });
    }
}

/// A marked stretch at the start of `rest`, with the length it takes up. Marks hug their text, do not cross lines (but for a
/// block of code) and end where a word ends.
fn marked(rest: &str) -> Option<(Piece<'_>, usize)> {
    let (mark, style) = MARKS.into_iter().find(|(mark, _)| rest.starts_with(mark))?;
    let inside = rest.get(mark.len()..)?;
    let end = inside.match_indices(mark).map(|(index, _)| index).find(|index| {
        let after = inside.get(index + mark.len()..).and_then(|after| after.chars().next());
        !after.is_some_and(char::is_alphanumeric)
    })?;
    let text = inside.get(..end)?;
    let hugs = style == Style::Code || (text.trim() == text && !text.contains('\n'));
    (hugs && !text.trim().is_empty()).then_some((Piece { style, text }, end + 2 * mark.len()))
}

fn address(rest: &str) -> Option<(Piece<'_>, usize)> {
    let scheme = ["https://", "http://"].into_iter().find(|scheme| rest.starts_with(scheme))?;
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    // A full stop or bracket after an address belongs to the sentence.
    let text = rest.get(..end)?.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '"', '\'', '>']);
    (text.len() > scheme.len()).then_some((Piece { style: Style::Link, text }, text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<(Style, &str)> {
        pieces(text).into_iter().map(|piece| (piece.style, piece.text)).collect()
    }

    #[test]
    fn marks_become_styles() {
        assert_eq!(
            shown("Reserva *MR-4821*, _suíte_ ~cara~ `x = 1`"),
            [
                (Style::Plain, "Reserva "),
                (Style::Bold, "MR-4821"),
                (Style::Plain, ", "),
                (Style::Italic, "suíte"),
                (Style::Plain, " "),
                (Style::Struck, "cara"),
                (Style::Plain, " "),
                (Style::Code, "x = 1"),
            ]
        );
        assert_eq!(shown("```a\n*b*```"), [(Style::Code, "a\n*b*")]);
    }

    #[test]
    fn sums_and_names_with_marks_stay_as_typed() {
        for text in ["2*3*4", "snake_case_name", "* item", "*a\nb*", "**", "* *", "`", "a * b * c", "~", ""] {
            assert!(
                shown(text).iter().all(|(style, _)| *style == Style::Plain),
                "{text:?}: {:?}",
                shown(text)
            );
        }
    }

    #[test]
    fn addresses_end_before_the_sentence_does() {
        assert_eq!(
            shown("Veja https://zelo.exemplo/a?b=1&c=2. Obrigada"),
            [
                (Style::Plain, "Veja "),
                (Style::Link, "https://zelo.exemplo/a?b=1&c=2"),
                (Style::Plain, ". Obrigada"),
            ]
        );
        assert_eq!(shown("javascript:alert(1) http://")[0].0, Style::Plain);
    }

    #[test]
    fn nothing_of_the_text_is_lost() {
        for text in ["é*ã* 🙂_b_", "*", "``", "x https://a.b/ç~", "🙂", "a\n\n*b*\n"] {
            let total: usize = pieces(text).iter().map(|piece| piece.text.len()).sum();
            let marks = text.len() - total;
            assert!(marks <= 4, "{text:?} lost {marks} bytes");
        }
    }
}
