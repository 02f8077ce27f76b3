//! Texts for people, in several languages.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::maps;

/// One text by language code (`en`, `zh`, `pt-BR`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Texts(#[serde(deserialize_with = "maps::unique")] pub BTreeMap<String, String>);

impl Texts {
    /// The text in this language, else in its parent language (`zh` for `zh-CN`), else in English, else
    /// in the first language there is.
    #[must_use]
    pub fn in_language(&self, language: &str) -> Option<&str> {
        let parent = language.split('-').next().unwrap_or_default();
        let found = [language, parent, "en"].into_iter().find_map(|code| self.0.get(code));
        found.or_else(|| self.0.values().next()).map(String::as_str)
    }

    /// Whether there is no text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first language code that is none: letters, digits and `-`, 2 to 35 bytes.
    pub(super) fn wrong_code(&self) -> Option<&str> {
        let sound = |code: &str| {
            (2..=35).contains(&code.len())
                && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        self.0.keys().map(String::as_str).find(|code| !sound(code))
    }
}
