//! A finding in both languages, as it is shown and kept.

use super::{Finding, Verdict};
use crate::pages::locale::{LANGS, Lang};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// One thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckLine {
    /// `token`, `scopes`, `number`, `quality`, `limits`, `account`, `subscription`, `fields`, `signature`, `verify_token` or
    /// `templates`.
    pub name: String,
    /// How it stands.
    pub verdict: Verdict,
    /// The same in words, by language: `pt-BR` and `en`.
    text: BTreeMap<String, String>,
    /// What helps, by language; null where all is in order.
    cure: Option<BTreeMap<String, String>>,
}

impl CheckLine {
    /// How it stands, in words.
    pub fn text(&self, lang: Lang) -> String {
        self.text.get(lang.tag()).cloned().unwrap_or_default()
    }

    /// What helps, in words; nothing where all is in order.
    pub fn cure(&self, lang: Lang) -> Option<String> {
        self.cure.as_ref()?.get(lang.tag()).cloned()
    }
}

impl From<&Finding> for CheckLine {
    fn from(finding: &Finding) -> Self {
        let text = |lang: Lang| (lang.tag().to_owned(), finding.text(lang));
        let cure = |lang: Lang| Some((lang.tag().to_owned(), finding.cure(lang)?));
        let cures: BTreeMap<String, String> = LANGS.into_iter().filter_map(cure).collect();
        Self {
            name: finding.name.to_owned(),
            verdict: finding.verdict,
            text: LANGS.into_iter().map(text).collect(),
            cure: Some(cures).filter(|cures| !cures.is_empty()),
        }
    }
}
