//! Ids of the shapes that Meta gives, from a seed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A splitmix64 sequence: enough for ids, and the same for the same seed on every machine.
#[derive(Debug, Clone)]
pub(crate) struct Ids {
    state: u64,
}

impl Ids {
    pub(crate) fn from_seed(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A seed from the operating system; zero if it gives none, which only makes ids repeat between runs.
    pub(crate) fn random_seed() -> u64 {
        let mut bytes = [0; 8];
        if aws_lc_rs::rand::fill(&mut bytes).is_err() {
            tracing::warn!("the operating system gave no randomness; ids repeat");
        }
        u64::from_le_bytes(bytes)
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.state)
    }

    fn pick(&mut self, alphabet: &[u8], length: usize) -> String {
        let size = u64::try_from(alphabet.len()).unwrap_or(1).max(1);
        (0..length)
            .filter_map(|_| {
                let at = usize::try_from(self.next() % size).ok()?;
                alphabet.get(at).copied().map(char::from)
            })
            .collect()
    }

    /// True `per_mille` times out of a thousand.
    pub(crate) fn happens(&mut self, per_mille: u16) -> bool {
        per_mille > 0 && self.next() % 1_000 < u64::from(per_mille)
    }

    /// Digits that do not start with a zero.
    pub(crate) fn digits(&mut self, length: usize) -> String {
        let first = self.pick(b"123456789", 1);
        first + &self.pick(b"0123456789", length.saturating_sub(1))
    }

    pub(crate) fn hex(&mut self, length: usize) -> String {
        self.pick(b"0123456789ABCDEF", length)
    }

    /// The id of a message: Base64 of the customer's number and a random part, in the frame that real ones have.
    pub(crate) fn wamid(&mut self, wa_id: &str, inbound: bool) -> String {
        let (mark, unique) =
            if inbound { (0x12, format!("3A{}", self.hex(18))) } else { (0x11, self.hex(18)) };
        let mut frame = vec![0x1c, 0x18];
        push_counted(&mut frame, wa_id);
        frame.extend([0x15, 0x02, 0x00, mark, 0x18]);
        push_counted(&mut frame, &unique);
        frame.push(0x00);
        format!("wamid.{}", STANDARD.encode(frame))
    }

    /// What Meta's support asks for after an error.
    pub(crate) fn trace(&mut self) -> String {
        format!("A{}", self.pick(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 22))
    }
}

/// A business-scoped user id: the same for the same person and account, another in another account.
pub(crate) fn user_id(country: &str, person: u64, waba_id: &str) -> String {
    let account = waba_id.bytes().fold(0_u64, |sum, byte| mix(sum ^ u64::from(byte)));
    format!("{country}.{:020}", mix(mix(person) ^ account))
}

fn push_counted(frame: &mut Vec<u8>, text: &str) {
    frame.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
    frame.extend(text.bytes());
}

fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_wamid_has_the_frame_of_a_real_one() {
        let id = Ids::from_seed(1).wamid("5511999990001", true);
        assert!(id.starts_with("wamid.HBgNNTUxMTk5OTk5MDAwMRUCABIYFDNB"), "{id}");
        let id = Ids::from_seed(1).wamid("553199990002", false);
        assert!(id.starts_with("wamid.HBgMNTUzMTk5OTkwMDAyFQIAERgS"), "{id}");
    }

    #[test]
    fn ids_do_not_repeat_and_a_seed_repeats_them() {
        let mut ids = Ids::from_seed(7);
        let some: Vec<String> = (0..10_000).map(|_| ids.wamid("5511999990001", false)).collect();
        assert_eq!(some.iter().collect::<HashSet<_>>().len(), some.len());
        assert_eq!(Ids::from_seed(7).wamid("5511999990001", false), some[0]);
        assert_ne!(Ids::from_seed(8).wamid("5511999990001", false), some[0]);
    }

    #[test]
    fn one_person_is_somebody_else_in_another_account() {
        assert_eq!(user_id("BR", 3, "100"), user_id("BR", 3, "100"));
        assert_ne!(user_id("BR", 3, "100"), user_id("BR", 3, "101"));
        assert_ne!(user_id("BR", 3, "100"), user_id("BR", 4, "100"));
        assert!(user_id("BR", 3, "100").starts_with("BR."));
    }
}
