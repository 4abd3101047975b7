//! Clearing without searching: what is counted is found under its subject and that subject's generation, so that a new
//! generation forgets everything of the subject, in every process and in Redis.

use super::Subject;
use aws_lc_rs::hmac;
use parking_lot::RwLock;
use std::collections::HashMap;

/// A subject as it is stored: a keyed digest, from which neither an address nor an account can be read.
pub(super) type Digest = [u8; 16];

/// What turns subjects into digests, the same in every process of the installation.
#[derive(Debug, Clone)]
pub(super) struct Digests {
    key: hmac::Key,
}

impl Digests {
    pub(super) fn new(secret: &[u8]) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, secret) }
    }

    pub(super) fn of(&self, subject: Subject) -> Digest {
        self.with_context(b"", 0, subject)
    }

    /// For a counter: by policy and generation too.
    pub(super) fn with_context(&self, policy: &[u8], generation: i64, subject: Subject) -> Digest {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(policy);
        context.update(&generation.to_be_bytes());
        context.update(&subject.to_bytes());
        let mut digest = Digest::default();
        digest.iter_mut().zip(context.sign().as_ref()).for_each(|(to, from)| *to = *from);
        digest
    }
}

/// When subjects were cleared, in milliseconds, as far as it is not long ago.
#[derive(Debug, Default)]
pub(super) struct Generations {
    cleared: RwLock<HashMap<Digest, i64>>,
}

impl Generations {
    pub(super) fn note(&self, cleared: impl IntoIterator<Item = (Digest, i64)>) {
        let mut known = self.cleared.write();
        for (digest, at) in cleared {
            let latest = known.entry(digest).or_default();
            *latest = at.max(*latest);
        }
    }

    pub(super) fn forget_before(&self, time: i64) {
        self.cleared.write().retain(|_, at| *at >= time);
    }

    /// The generation of a subject: the latest moment at which it, or what it is part of, was cleared. As a rule nobody
    /// was, and nothing is computed.
    pub(super) fn of(&self, digests: &Digests, subject: Subject) -> i64 {
        let known = self.cleared.read();
        if known.is_empty() {
            return 0;
        }
        let at = |subject| known.get(&digests.of(subject)).copied().unwrap_or_default();
        subject.within().into_iter().flatten().map(at).fold(at(subject), i64::max)
    }
}
