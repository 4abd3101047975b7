//! Finding an encrypted value by its equality.

use super::Key;
use aws_lc_rs::{hkdf, hmac};

/// What an index is about. Each has a key of its own, so that equal values in two fields do not look alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// A WhatsApp id exactly as Meta sends it.
    WaId,
    /// A business-scoped user id.
    UserId,
    /// A phone number in its canonical spelling.
    Phone,
    /// A message id of Meta, which holds the customer's number in a thin disguise.
    Wamid,
    /// An e-mail address in lower case.
    Email,
    /// A whole notice, to recognise its repetition.
    Notice,
    /// A network address, in the audit log.
    Address,
    /// The content of a file, to store it once.
    File,
}

impl Field {
    const ALL: [Self; 8] = [
        Self::WaId,
        Self::UserId,
        Self::Phone,
        Self::Wamid,
        Self::Email,
        Self::Notice,
        Self::Address,
        Self::File,
    ];

    fn name(self) -> &'static [u8] {
        match self {
            Self::WaId => b"wa_id",
            Self::UserId => b"user_id",
            Self::Phone => b"phone",
            Self::Wamid => b"wamid",
            Self::Email => b"email",
            Self::Notice => b"notice",
            Self::Address => b"address",
            Self::File => b"file",
        }
    }
}

/// Turns values into keyed digests. Without the key, a stolen database does not say whose number a digest is, although
/// there are few enough numbers to try them all.
pub struct BlindIndex {
    keys: [hmac::Key; Field::ALL.len()],
}

impl BlindIndex {
    /// The indexes of one tenant, or of the platform, from its index root.
    pub fn new(root: &Key) -> Self {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"zelo blind index");
        let pseudo_random_key = salt.extract(root.bytes());
        let keys = Field::ALL.map(|field| {
            let info = [field.name()];
            match pseudo_random_key.expand(&info, hmac::HMAC_SHA256) {
                Ok(derived) => hmac::Key::from(derived),
                // HKDF fails only for lengths above 255 hashes; this one is a single hash.
                Err(_) => hmac::Key::new(hmac::HMAC_SHA256, root.bytes()),
            }
        });
        Self { keys }
    }

    /// The digest of a value in a field: the first 128 bits of its HMAC.
    pub fn digest(&self, field: Field, value: &str) -> [u8; 16] {
        let position = Field::ALL.iter().position(|known| *known == field).unwrap_or_default();
        let Some(key) = self.keys.get(position) else { return [0; 16] };
        let tag = hmac::sign(key, value.as_bytes());
        tag.as_ref().first_chunk().copied().unwrap_or_default()
    }
}

impl std::fmt::Debug for BlindIndex {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("BlindIndex")
    }
}

#[cfg(test)]
mod tests {
    use super::super::KeyId;
    use super::*;
    use uuid::Uuid;
    use zeroize::Zeroizing;

    #[test]
    fn equal_values_agree_inside_a_field_of_a_tenant_and_nowhere_else() {
        let index = |byte| BlindIndex::new(&Key::new(KeyId(Uuid::nil()), Zeroizing::new([byte; 32])));
        let (hotel, clinic) = (index(1), index(2));
        let phone = "5511987654321";
        assert_eq!(hotel.digest(Field::Phone, phone), hotel.digest(Field::Phone, phone));
        assert_ne!(hotel.digest(Field::Phone, phone), hotel.digest(Field::WaId, phone));
        assert_ne!(hotel.digest(Field::Phone, phone), clinic.digest(Field::Phone, phone));
        assert_ne!(hotel.digest(Field::Phone, phone), hotel.digest(Field::Phone, "5511987654322"));
    }
}
