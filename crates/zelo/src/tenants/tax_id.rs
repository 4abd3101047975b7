//! CPF and CNPJ: the numbers under which Brazil's revenue service knows people and organisations.

use std::fmt;

/// A CPF (eleven digits) or a CNPJ (fourteen letters and digits), whose check digits are right. Kept without its signs.
#[derive(Clone, PartialEq, Eq)]
pub struct TaxId(String);

/// What is no CPF and no CNPJ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TaxIdError {
    /// It has another length, or letters where none belong.
    #[error("Give a CPF with 11 digits or a CNPJ with 14 characters.")]
    Format,
    /// A digit was mistyped.
    #[error("The check digits are wrong: look at the number again.")]
    CheckDigits,
}

impl TaxId {
    /// Read one as people write it: with its dots, strokes and hyphens, or without.
    ///
    /// # Errors
    /// [`TaxIdError`].
    pub fn parse(text: &str) -> Result<Self, TaxIdError> {
        let is_sign = |letter: char| matches!(letter, '.' | '-' | '/') || letter.is_whitespace();
        let plain: String = text
            .chars()
            .filter(|letter| !is_sign(*letter))
            .map(|letter| letter.to_ascii_uppercase())
            .collect();
        let (body, check) = match plain.len() {
            11 | 14 if plain.is_ascii() => plain.split_at(plain.len() - 2),
            _ => return Err(TaxIdError::Format),
        };
        let is_cpf = plain.len() == 11;
        // CNPJ may hold letters since July 2026 (Instrução Normativa RFB 2.229/2024); its check digits stay digits.
        let fits = |byte: u8| byte.is_ascii_digit() || !is_cpf && byte.is_ascii_uppercase();
        if !body.bytes().all(fits) || !check.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(TaxIdError::Format);
        }
        // Repetitions such as 111.111.111-11 have right check digits and were never given to anybody.
        let first = plain.bytes().next();
        if plain.bytes().all(|byte| Some(byte) == first) || check_digits(body, is_cpf) != check {
            return Err(TaxIdError::CheckDigits);
        }
        Ok(Self(plain))
    }

    /// Without signs, as programs write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Both check digits: modulus 11 over weights that count from 2 upwards from the right, and begin again after 9 in a CNPJ. A
/// letter counts as its ASCII code less 48, which leaves digits what they are.
fn check_digits(body: &str, is_cpf: bool) -> String {
    let mut values: Vec<u32> = body.bytes().map(|byte| u32::from(byte) - 48).collect();
    let largest = if is_cpf { 11 } else { 9 };
    for _ in 0..2 {
        let weights = (2..=largest).cycle();
        let sum: u32 = values.iter().rev().zip(weights).map(|(value, weight)| value * weight).sum();
        let rest = sum % 11;
        values.push(if rest < 2 { 0 } else { 11 - rest });
    }
    values.iter().skip(body.len()).map(ToString::to_string).collect()
}

/// As people write it.
impl fmt::Display for TaxId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |from, to| self.0.get(from..to).unwrap_or_default();
        if self.0.len() == 11 {
            write!(out, "{}.{}.{}-{}", part(0, 3), part(3, 6), part(6, 9), part(9, 11))
        } else {
            write!(out, "{}.{}.{}/{}-{}", part(0, 2), part(2, 5), part(5, 8), part(8, 12), part(12, 14))
        }
    }
}

/// A CPF is a person's: no log line shows one.
impl fmt::Debug for TaxId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("TaxId(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cpf_and_a_cnpj_are_read_with_and_without_signs() {
        for (text, shown) in [
            ("529.982.247-25", "529.982.247-25"),
            ("52998224725", "529.982.247-25"),
            ("11.222.333/0001-81", "11.222.333/0001-81"),
            (" 11222333000181 ", "11.222.333/0001-81"),
            // The revenue service's own example of a CNPJ with letters.
            ("12.ABC.345/01DE-35", "12.ABC.345/01DE-35"),
            ("12abc34501de35", "12.ABC.345/01DE-35"),
        ] {
            assert_eq!(TaxId::parse(text).unwrap().to_string(), shown, "{text}");
        }
        assert_eq!(TaxId::parse("529.982.247-25").unwrap().as_str(), "52998224725");
    }

    #[test]
    fn what_is_none_is_refused_with_its_reason() {
        for text in [
            "",
            "1",
            "5299822472",
            "529982247255",
            "5299822472a",
            "A2998224725",
            "12ABC34501DEX5",
            "ééééééééééé",
        ] {
            assert_eq!(TaxId::parse(text), Err(TaxIdError::Format), "{text}");
        }
        for text in [
            "52998224724",
            "52998224735",
            "11222333000182",
            "12ABC34501DE36",
            "11111111111",
            "00000000000000",
        ] {
            assert_eq!(TaxId::parse(text), Err(TaxIdError::CheckDigits), "{text}");
        }
    }

    #[test]
    fn one_mistyped_digit_is_always_found() {
        for right in ["52998224725", "11222333000181"] {
            for place in 0..right.len() {
                for digit in b'0'..=b'9' {
                    let mut typed = right.as_bytes().to_vec();
                    typed[place] = digit;
                    let typed = String::from_utf8(typed).unwrap();
                    assert_eq!(TaxId::parse(&typed).is_ok(), typed == right, "{typed}");
                }
            }
        }
    }

    #[test]
    fn none_shows_itself_in_a_log() {
        assert_eq!(format!("{:?}", TaxId::parse("52998224725").unwrap()), "TaxId(…)");
    }
}
