//! Places in a text that are filled when it is sent: `{{1}}` or `{{first_name}}`.

use super::Fault;

/// A piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'t> {
    /// As it stands.
    Words(&'t str),
    /// What stands between double braces.
    Place(&'t str),
}

/// A text in pieces. Braces that do not close are words.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, inner, after)) = rest
        .split_once("{{")
        .and_then(|(before, after)| after.split_once("}}").map(|(inner, after)| (before, inner, after)))
    {
        if !before.is_empty() {
            pieces.push(Piece::Words(before));
        }
        pieces.push(Piece::Place(inner.trim()));
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Words(rest));
    }
    pieces
}

/// The names of the places of a text, each once, in the order in which they are met.
pub fn names(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for piece in pieces(text) {
        if let Piece::Place(name) = piece
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}

/// How many values Meta wants for a text: of named places each one, of numbered ones up to the highest.
pub(super) fn wanted(text: &str, is_named: bool) -> Vec<String> {
    let found = names(text);
    if is_named {
        return found.into_iter().map(str::to_owned).collect();
    }
    let highest = found.iter().filter_map(|name| name.parse::<usize>().ok()).max().unwrap_or(0);
    // A text that Meta took has no more than a few hundred; anything else is not one of Meta's.
    (1..=highest.min(1_024)).map(|number| number.to_string()).collect()
}

/// The text with its places filled; a place without a value stays as it is.
pub(super) fn filled<'v>(text: &str, value: impl Fn(&str) -> Option<&'v str>) -> String {
    pieces(text)
        .into_iter()
        .map(|piece| match piece {
            Piece::Words(words) => words.to_owned(),
            Piece::Place(name) => value(name).map_or_else(|| format!("{{{{{name}}}}}"), str::to_owned),
        })
        .collect()
}

/// Faults of the places of a text: how they are called, and where they stand.
pub(super) fn check(faults: &mut Vec<Fault>, field: &str, text: &str, is_named: bool) {
    let mut fault = |code, message: &str| faults.push(Fault::new(field, code, message));
    let pieces = pieces(text);
    let opened = text.matches("{{").count();
    let places: Vec<&str> = names(text);
    let complete = pieces.iter().filter(|piece| matches!(piece, Piece::Place(_))).count();
    if opened != complete || text.matches("}}").count() != complete {
        fault("variable", "Each variable begins with {{ and ends with }}.");
    }
    if is_named {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let is_name = |name: &str| {
            name.starts_with(|letter: char| letter.is_ascii_lowercase()) && name.bytes().all(is_plain)
        };
        if !places.iter().all(|name| is_name(name)) {
            fault(
                "variable",
                "A named variable has lower-case letters, digits and underscores, and begins with a letter.",
            );
        }
    } else {
        let mut numbers: Vec<usize> = places.iter().filter_map(|name| name.parse().ok()).collect();
        numbers.sort_unstable();
        let expected: Vec<usize> = (1..=places.len()).collect();
        if numbers != expected {
            fault(
                "variable",
                "Variables are numbered {{1}}, {{2}}, … without gaps; for names set parameter_format to named.",
            );
        }
    }
    let is_blank =
        |piece: Option<&Piece<'_>>| matches!(piece, Some(Piece::Words(words)) if words.trim().is_empty());
    let is_place = |piece: Option<&Piece<'_>>| matches!(piece, Some(Piece::Place(_)));
    let at_edge = |first: Option<&Piece<'_>>, second: Option<&Piece<'_>>| {
        is_place(first) || (is_blank(first) && is_place(second))
    };
    let last = pieces.len().wrapping_sub(1);
    if at_edge(pieces.first(), pieces.get(1)) || at_edge(pieces.get(last), pieces.get(last.wrapping_sub(1))) {
        fault("variable_at_edge", "A variable stands neither at the beginning nor at the end of the text.");
    }
    let touches = |window: &[Piece<'_>]| match window {
        [Piece::Place(_), Piece::Place(_)] => true,
        [Piece::Place(_), Piece::Words(words), Piece::Place(_)] => words.trim().is_empty(),
        _ => false,
    };
    if pieces.windows(2).any(touches) || pieces.windows(3).any(touches) {
        fault("variables_touch", "Between two variables stand words.");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str, is_named: bool) -> Vec<&'static str> {
        let mut faults = Vec::new();
        check(&mut faults, "text", text, is_named);
        faults.into_iter().map(|fault| fault.code).collect()
    }

    #[test]
    fn numbered_places_have_no_gaps() {
        assert!(codes("Olá {{1}}, pedido {{2}} saiu.", false).is_empty());
        assert!(codes("Olá {{1}}, {{1}}!", false).is_empty());
        for text in ["Olá {{2}}!", "Olá {{0}}!", "Olá {{1}} e {{3}}!", "Olá {{nome}}!"] {
            assert_eq!(codes(text, false), ["variable"], "{text}");
        }
    }

    #[test]
    fn named_places_are_plain_words() {
        assert!(codes("Olá {{first_name}}, {{pedido2}}!", true).is_empty());
        for text in ["Olá {{Nome}}!", "Olá {{1}}!", "Olá {{o nome}}!", "Olá {{}}!"] {
            assert_eq!(codes(text, true), ["variable"], "{text}");
        }
    }

    #[test]
    fn no_place_stands_at_an_edge_or_beside_another() {
        for text in ["{{1}} chegou.", "Chegou {{1}}", "Chegou {{1}} ", " {{1}} chegou."] {
            assert_eq!(codes(text, false), ["variable_at_edge"], "{text}");
        }
        for text in ["Oi {{1}}{{2}}!", "Oi {{1}} {{2}}!", "Oi {{1}}\n{{2}}!"] {
            assert_eq!(codes(text, false), ["variables_touch"], "{text}");
        }
        assert_eq!(codes("Oi {{1}!", false), ["variable"]);
        assert_eq!(codes("Oi 1}}!", false), ["variable"]);
    }

    #[test]
    fn a_text_is_filled_and_keeps_what_has_no_value() {
        let value = |name: &str| (name == "1").then_some("{{2}}");
        assert_eq!(filled("Oi {{1}}, {{2}}.", value), "Oi {{2}}, {{2}}.");
        assert_eq!(wanted("{{3}} {{1}}", false), ["1", "2", "3"]);
        assert_eq!(wanted("{{b}} {{a}} {{b}}", true), ["b", "a"]);
    }
}
