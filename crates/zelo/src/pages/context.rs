//! What every page needs to know of the person who looks at it.

use super::{
    assets,
    locale::{self, Lang},
};

/// How the colours are chosen. `System` follows the device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
    Contrast,
}

/// Every theme, in the order in which the menu offers them.
pub const THEMES: [Theme; 4] = [Theme::System, Theme::Light, Theme::Dark, Theme::Contrast];

impl Theme {
    /// The value of the `theme` form field and of the cookie.
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
            Self::Contrast => "contrast",
        }
    }

    /// The theme of a form field or cookie; an unknown one follows the device.
    pub fn from_name(name: &str) -> Self {
        THEMES.into_iter().find(|theme| theme.name() == name).unwrap_or_default()
    }

    /// The value of `data-theme` on `<html>`; absent when the device decides.
    pub fn attribute(self) -> Option<&'static str> {
        (self != Self::System).then(|| self.name())
    }

    pub(super) fn icon(self) -> &'static str {
        match self {
            Self::System => "screen",
            Self::Light => "sun",
            Self::Dark => "moon",
            Self::Contrast => "contrast",
        }
    }

    pub(super) fn text_key(self) -> &'static str {
        match self {
            Self::System => "theme-system",
            Self::Light => "theme-light",
            Self::Dark => "theme-dark",
            Self::Contrast => "theme-contrast",
        }
    }
}

/// Language, theme and clock of one rendering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageContext {
    pub lang: Lang,
    pub theme: Theme,
    /// The present, in Unix milliseconds: what is "today" and how long a window stays open depend on it.
    pub now_ms: i64,
    /// Minutes that the reader's clock is ahead of UTC; Brasília is -180.
    pub offset_minutes: i32,
}

impl PageContext {
    /// The text of `key`.
    pub fn text(&self, key: &str) -> String {
        locale::t(self.lang, key, &[])
    }

    /// The text of `key` with `$name` put in.
    pub fn text_name(&self, key: &str, name: &str) -> String {
        locale::t(self.lang, key, &[("name", name.to_owned().into())])
    }

    /// The text of `key` with `$time`, an already formatted hour or date, put in.
    pub fn text_time(&self, key: &str, time: &str) -> String {
        locale::t(self.lang, key, &[("time", time.to_owned().into())])
    }

    /// The text of `key` for `$count` things, in the right plural.
    pub fn text_count(&self, key: &str, count: impl Into<i64>) -> String {
        locale::t(self.lang, key, &[("count", count.into().into())])
    }

    /// The address of a file of `assets/`, which changes whenever any of them changes.
    pub fn asset(&self, path: &str) -> String {
        assets::url(path)
    }
}
