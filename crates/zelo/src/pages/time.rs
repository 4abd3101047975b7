//! Hours, dates and durations as people read them: 24-hour clock, the reader's own time zone, today and yesterday by name.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, Offset, Timelike, Utc};

use super::{context::PageContext, locale::t};

const MINUTE_MS: i64 = 60_000;
/// WhatsApp lets a business write freely for 24 hours after the customer's last message.
const WINDOW_MS: i64 = 24 * 60 * MINUTE_MS;
/// Under two hours the window is shown as running out.
const SHORT_MS: i64 = 2 * 60 * MINUTE_MS;

const WEEKDAYS: [&str; 7] = [
    "weekday-monday",
    "weekday-tuesday",
    "weekday-wednesday",
    "weekday-thursday",
    "weekday-friday",
    "weekday-saturday",
    "weekday-sunday",
];
const MONTHS: [&str; 12] = [
    "month-january",
    "month-february",
    "month-march",
    "month-april",
    "month-may",
    "month-june",
    "month-july",
    "month-august",
    "month-september",
    "month-october",
    "month-november",
    "month-december",
];
const SHORT_MONTHS: [&str; 12] = [
    "month-jan",
    "month-feb",
    "month-mar",
    "month-apr",
    "month-may-short",
    "month-jun",
    "month-jul",
    "month-aug",
    "month-sep",
    "month-oct",
    "month-nov",
    "month-dec",
];

impl PageContext {
    /// The reader's wall clock at `at_ms` (Unix milliseconds). A moment outside chrono's years shows as the epoch.
    fn local(&self, at_ms: i64) -> DateTime<FixedOffset> {
        let utc = DateTime::<Utc>::from_timestamp_millis(at_ms).unwrap_or_default();
        let zone = self.offset_minutes.checked_mul(60).and_then(FixedOffset::east_opt);
        utc.with_timezone(&zone.unwrap_or(Utc.fix()))
    }

    /// `08:41`.
    pub fn clock(&self, at_ms: i64) -> String {
        let at = self.local(at_ms);
        format!("{:02}:{:02}", at.hour(), at.minute())
    }

    /// The `datetime` attribute of a `<time>`: RFC 3339 with the reader's offset.
    pub fn machine_time(&self, at_ms: i64) -> String {
        self.local(at_ms).to_rfc3339_opts(chrono::SecondsFormat::Secs, false)
    }

    /// `2026-11-21`, the key by which day lines are recognised.
    pub fn day_key(&self, at_ms: i64) -> String {
        self.local(at_ms).date_naive().to_string()
    }

    /// The short time of a list: the hour today, "yesterday", a day and month this year, else the full date.
    pub fn list_time(&self, at_ms: i64) -> String {
        match self.days_ago(at_ms) {
            0 => self.clock(at_ms),
            1 => self.text("yesterday-short"),
            _ => self.short_date(at_ms),
        }
    }

    /// `12 de out.` this year, `12 de out. de 2025` before.
    pub fn short_date(&self, at_ms: i64) -> String {
        let (at, now) = (self.local(at_ms), self.local(self.now_ms));
        let key = if at.year() == now.year() { "date-short" } else { "date-short-year" };
        self.date_text(key, at.date_naive(), &SHORT_MONTHS)
    }

    /// `mar. de 2024`, for how long a contact has been known.
    pub fn month_and_year(&self, at_ms: i64) -> String {
        self.date_text("date-month-year", self.local(at_ms).date_naive(), &SHORT_MONTHS)
    }

    /// The line between two days of a thread: `Hoje, sábado, 21 de novembro`.
    pub fn day_line(&self, at_ms: i64) -> String {
        let (at, now) = (self.local(at_ms), self.local(self.now_ms));
        let key = match self.days_ago(at_ms) {
            0 => "day-today",
            1 => "day-yesterday",
            _ if at.year() == now.year() => "day-this-year",
            _ => "day-other-year",
        };
        self.date_text(key, at.date_naive(), &MONTHS)
    }

    /// Whether two moments fall on the same day of the reader.
    pub fn same_day(&self, one_ms: i64, other_ms: i64) -> bool {
        self.local(one_ms).date_naive() == self.local(other_ms).date_naive()
    }

    /// `21 h 14 min`, `52 min`: the time from now until `until_ms`; never negative, and a begun minute counts as none.
    pub fn time_left(&self, until_ms: i64) -> String {
        duration_text(until_ms.saturating_sub(self.now_ms))
    }

    /// Whether less than two hours are left until `until_ms`.
    pub fn is_short(&self, until_ms: i64) -> bool {
        until_ms.saturating_sub(self.now_ms) < SHORT_MS
    }

    /// How much of the 24-hour window is left, from 0 to 100.
    pub fn percent_left(&self, until_ms: i64) -> i64 {
        (until_ms.saturating_sub(self.now_ms).clamp(0, WINDOW_MS)) * 100 / WINDOW_MS
    }

    fn days_ago(&self, at_ms: i64) -> i64 {
        (self.local(self.now_ms).date_naive() - self.local(at_ms).date_naive()).num_days()
    }

    fn date_text(&self, key: &str, date: NaiveDate, months: &[&str; 12]) -> String {
        let weekday =
            WEEKDAYS.get(date.weekday().num_days_from_monday() as usize).copied().unwrap_or_default();
        let month = months.get(date.month0() as usize).copied().unwrap_or_default();
        let args = [
            ("weekday", self.text(weekday).into()),
            ("day", date.day().into()),
            ("month", self.text(month).into()),
            // A number would be grouped as 2,026.
            ("year", date.year().to_string().into()),
        ];
        t(self.lang, key, &args)
    }
}

fn duration_text(ms: i64) -> String {
    let minutes = ms.max(0) / MINUTE_MS;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// `0:41`, `12:05`: the length of a recording in seconds.
pub fn recording_length(seconds: u32) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::{context::Theme, locale::Lang};

    /// Saturday, 21 November 2026, 12:00 in Brasília.
    const NOON_MS: i64 = 1_795_273_200_000;
    const HOUR_MS: i64 = 60 * MINUTE_MS;

    fn in_brasilia(lang: Lang) -> PageContext {
        PageContext { lang, theme: Theme::System, now_ms: NOON_MS, offset_minutes: -180 }
    }

    #[test]
    fn ana_in_brasilia_reads_her_own_clock() {
        let ana = in_brasilia(Lang::Portuguese);
        assert_eq!(ana.clock(NOON_MS), "12:00");
        assert_eq!(ana.machine_time(NOON_MS), "2026-11-21T12:00:00-03:00");
        let in_lisbon = PageContext { offset_minutes: 0, ..ana };
        assert_eq!(in_lisbon.clock(NOON_MS), "15:00");
    }

    #[test]
    fn a_list_says_hour_then_yesterday_then_date() {
        let ana = in_brasilia(Lang::Portuguese);
        assert_eq!(ana.list_time(NOON_MS - 12 * HOUR_MS), "00:00");
        assert_eq!(ana.list_time(NOON_MS - 12 * HOUR_MS - 1), "ontem");
        assert_eq!(ana.list_time(NOON_MS - 40 * 24 * HOUR_MS), "12 de out.");
        assert_eq!(ana.list_time(NOON_MS - 400 * 24 * HOUR_MS), "17 de out. de 2025");
    }

    #[test]
    fn a_day_line_names_the_day_in_both_languages() {
        assert_eq!(in_brasilia(Lang::Portuguese).day_line(NOON_MS), "Hoje, sábado, 21 de novembro");
        assert_eq!(
            in_brasilia(Lang::Portuguese).day_line(NOON_MS - 24 * HOUR_MS),
            "Ontem, sexta-feira, 20 de novembro"
        );
        assert_eq!(in_brasilia(Lang::English).day_line(NOON_MS), "Today, Saturday, 21 November");
        assert_eq!(in_brasilia(Lang::English).day_line(0), "Wednesday, 31 December 1969");
    }

    #[test]
    fn the_day_changes_at_the_reader_s_midnight() {
        let ana = in_brasilia(Lang::Portuguese);
        let midnight = NOON_MS - 12 * HOUR_MS;
        assert!(ana.same_day(midnight, NOON_MS));
        assert!(!ana.same_day(midnight - 1, NOON_MS));
    }

    #[test]
    fn the_window_runs_out() {
        let ana = in_brasilia(Lang::Portuguese);
        let until = NOON_MS + 21 * HOUR_MS + 14 * MINUTE_MS;
        assert_eq!((ana.time_left(until).as_str(), ana.percent_left(until)), ("21 h 14 min", 88));
        assert_eq!(ana.time_left(NOON_MS + 2 * HOUR_MS), "2 h");
        assert!(ana.is_short(NOON_MS + 119 * MINUTE_MS) && !ana.is_short(until));
        assert_eq!((ana.time_left(NOON_MS - 1).as_str(), ana.percent_left(0)), ("0 min", 0));
    }

    #[test]
    fn impossible_moments_do_not_stop_a_page() {
        let lost = PageContext { offset_minutes: i32::MAX, ..in_brasilia(Lang::English) };
        assert_eq!(lost.clock(i64::MAX), "00:00");
        assert_eq!(lost.time_left(i64::MAX), duration_text(i64::MAX - NOON_MS));
    }

    #[test]
    fn recordings_have_minutes_and_seconds() {
        assert_eq!((recording_length(41).as_str(), recording_length(725).as_str()), ("0:41", "12:05"));
    }
}
