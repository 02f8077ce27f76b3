//! Instants and civil dates without a clock: rules compare dates, decisions print them, effective
//! dates switch rules on, and every host must agree to the nanosecond.
//!
//! Days and dates are converted with Howard Hinnant's public algorithms (`days_from_civil`,
//! `civil_from_days`), which shift the year to start in March so that the leap day comes last. The
//! calendar is proleptic Gregorian, years 0001 to 9999, as the protobuf `Timestamp` and CEL have it.
//! Time zones are UTC and fixed offsets; named zones need tables that change with the law.

use std::fmt;

/// Seconds of 0001-01-01T00:00:00Z.
pub const MIN_SECONDS: i64 = -62_135_596_800;
/// Seconds of 9999-12-31T23:59:59Z.
pub const MAX_SECONDS: i64 = 253_402_300_799;

const NANOS_PER_SECOND: i64 = 1_000_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// An instant: whole seconds since 1970-01-01T00:00:00Z and nanoseconds after them (0 to
/// 999,999,999, also before 1970).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp {
    seconds: i64,
    nanos: u32,
}

/// A date and time of day at some offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// Year, 0 to 10,000: an offset can push an instant out of 0001 to 9999 by a day.
    pub year: i64,
    /// Month, 1 to 12.
    pub month: u32,
    /// Day of the month, 1 to 31.
    pub day: u32,
    /// Day of the year, 1 to 366.
    pub day_of_year: u32,
    /// Day of the week, 0 (Sunday) to 6.
    pub weekday: u32,
    /// Hour, 0 to 23.
    pub hour: u32,
    /// Minute, 0 to 59.
    pub minute: u32,
    /// Second, 0 to 59.
    pub second: u32,
    /// Nanoseconds, 0 to 999,999,999.
    pub nanos: u32,
}

/// Nanoseconds of some days, whole or not; the sum is rounded down.
#[must_use]
pub fn days_in_nanos(days: f64) -> i128 {
    hours_in_nanos(days * 24.0)
}

/// Nanoseconds of some hours, whole or not; rounded down.
#[must_use]
pub fn hours_in_nanos(hours: f64) -> i128 {
    (hours * 3.6e12) as i128
}

/// Days from 1970-01-01 to this date of the proleptic Gregorian calendar; negative before it.
/// `month` is 1 to 12 and `day` starts at 1; neither is checked.
#[must_use]
pub const fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let month_from_march = ((month + 9) % 12) as i64;
    let day_of_year = (153 * month_from_march + 2) / 5 + day as i64 - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The date (year, month, day) that many days after 1970-01-01.
#[must_use]
pub const fn civil_from_days(days: i64) -> (i64, u32, u32) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted - era * 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * month_from_march + 2) / 5 + 1) as u32;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month as u32, day)
}

const fn days_in_month(year: i64, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

impl Timestamp {
    /// The instant this many seconds and nanoseconds after 1970-01-01T00:00:00Z; `None` outside the
    /// years 0001 to 9999 or with `nanos` of a second or more.
    #[must_use]
    pub fn new(seconds: i64, nanos: u32) -> Option<Self> {
        let in_range = (MIN_SECONDS..=MAX_SECONDS).contains(&seconds) && i64::from(nanos) < NANOS_PER_SECOND;
        in_range.then_some(Self { seconds, nanos })
    }

    /// The instant this many milliseconds after 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn from_unix_ms(ms: i64) -> Option<Self> {
        let nanos = u32::try_from(ms.rem_euclid(1_000)).ok()? * 1_000_000;
        Self::new(ms.div_euclid(1_000), nanos)
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.seconds
    }

    /// Nanoseconds after [`Self::seconds`].
    #[must_use]
    pub fn nanos(self) -> u32 {
        self.nanos
    }

    /// Whole milliseconds since 1970-01-01T00:00:00Z, rounded down.
    #[must_use]
    pub fn unix_ms(self) -> i64 {
        self.seconds * 1_000 + i64::from(self.nanos / 1_000_000)
    }

    /// Midnight UTC of a date written `2026-01-31`.
    #[must_use]
    pub fn parse_date(text: &str) -> Option<Self> {
        let mut rest = Digits(text.as_bytes());
        let days = rest.date()?;
        if rest.0.is_empty() { Self::new(days * SECONDS_PER_DAY, 0) } else { None }
    }

    /// Reads an RFC 3339 date and time: `2026-11-23T09:00:00Z`, `…00.123456789+08:00`. At most nine
    /// digits of fraction; no leap seconds.
    #[must_use]
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let mut rest = Digits(text.as_bytes());
        let days = rest.date()?;
        rest.one_of(b"Tt")?;
        let hour = rest.number(2, 0, 23)?;
        rest.one_of(b":")?;
        let minute = rest.number(2, 0, 59)?;
        rest.one_of(b":")?;
        let second = rest.number(2, 0, 59)?;
        let nanos = rest.fraction()?;
        let offset_seconds = rest.offset()?;
        if !rest.0.is_empty() {
            return None;
        }
        let of_day = i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(second);
        Self::new(days * SECONDS_PER_DAY + of_day - offset_seconds, nanos)
    }

    /// The date and time of day at an offset from UTC, in seconds (east is positive, at most a day).
    #[must_use]
    pub fn civil(self, offset_seconds: i64) -> Civil {
        let local = self.seconds + offset_seconds.clamp(-SECONDS_PER_DAY, SECONDS_PER_DAY);
        let days = local.div_euclid(SECONDS_PER_DAY);
        let of_day = local.rem_euclid(SECONDS_PER_DAY) as u32;
        let (year, month, day) = civil_from_days(days);
        Civil {
            year,
            month,
            day,
            day_of_year: (days - days_from_civil(year, 1, 1)) as u32 + 1,
            // 1970-01-01 was a Thursday.
            weekday: (days + 4).rem_euclid(7) as u32,
            hour: of_day / 3_600,
            minute: of_day / 60 % 60,
            second: of_day % 60,
            nanos: self.nanos,
        }
    }

    /// RFC 3339 in UTC with exactly three digits of fraction, as decisions print it. Finer digits are
    /// cut off.
    #[must_use]
    pub fn to_rfc3339_ms(self) -> String {
        let civil = self.civil(0);
        format!("{}.{:03}Z", CivilText(&civil), civil.nanos / 1_000_000)
    }

    /// This instant moved by a duration in nanoseconds; `None` outside the years 0001 to 9999.
    #[must_use]
    pub fn checked_add_nanos(self, nanos: i64) -> Option<Self> {
        let sum = i64::from(self.nanos) + nanos.rem_euclid(NANOS_PER_SECOND);
        let seconds = self.seconds + nanos.div_euclid(NANOS_PER_SECOND) + sum / NANOS_PER_SECOND;
        Self::new(seconds, u32::try_from(sum % NANOS_PER_SECOND).ok()?)
    }

    /// Nanoseconds from `earlier` to this instant.
    #[must_use]
    pub fn nanos_since(self, earlier: Self) -> i128 {
        let seconds = i128::from(self.seconds) - i128::from(earlier.seconds);
        let nanos = i128::from(self.nanos) - i128::from(earlier.nanos);
        seconds * i128::from(NANOS_PER_SECOND) + nanos
    }

    /// Nanoseconds from `earlier` to this instant; `None` past about 292 years.
    #[must_use]
    pub fn checked_nanos_since(self, earlier: Self) -> Option<i64> {
        i64::try_from(self.nanos_since(earlier)).ok()
    }
}

struct CivilText<'a>(&'a Civil);

impl fmt::Display for CivilText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Civil { year, month, day, hour, minute, second, .. } = self.0;
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with as many digits of fraction as are needed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let civil = self.civil(0);
        write!(f, "{}", CivilText(&civil))?;
        if civil.nanos > 0 {
            let digits = format!("{:09}", civil.nanos);
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        f.write_str("Z")
    }
}

/// Seconds east of UTC of a fixed offset: `+08:00`, `-02:30`, `02:00`, `Z`, `UTC`. `None` for anything
/// else, named zones included.
#[must_use]
pub fn parse_offset(text: &str) -> Option<i64> {
    if matches!(text, "" | "UTC" | "Etc/UTC" | "GMT") {
        return Some(0);
    }
    let signed = if text.starts_with(|first: char| first.is_ascii_digit()) {
        format!("+{text}")
    } else {
        text.to_owned()
    };
    let mut rest = Digits(signed.as_bytes());
    let seconds = rest.offset()?;
    rest.0.is_empty().then_some(seconds)
}

/// Minutes since midnight of a time of day written `21:30`.
#[must_use]
pub fn parse_minute(text: &str) -> Option<i64> {
    let mut rest = Digits(text.as_bytes());
    let hour = rest.number(2, 0, 23)?;
    rest.one_of(b":")?;
    let minute = rest.number(2, 0, 59)?;
    rest.0.is_empty().then(|| i64::from(hour) * 60 + i64::from(minute))
}

/// What is left to read of a date.
struct Digits<'a>(&'a [u8]);

impl Digits<'_> {
    fn one_of(&mut self, set: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        set.contains(first).then(|| self.0 = rest)?;
        Some(*first)
    }

    fn number(&mut self, digits: usize, min: u32, max: u32) -> Option<u32> {
        let (head, rest) = self.0.split_at_checked(digits)?;
        let mut value = 0;
        for digit in head {
            value = value * 10 + u32::from(digit.is_ascii_digit().then(|| digit - b'0')?);
        }
        self.0 = rest;
        (min..=max).contains(&value).then_some(value)
    }

    fn date(&mut self) -> Option<i64> {
        let year = i64::from(self.number(4, 1, 9999)?);
        self.one_of(b"-")?;
        let month = self.number(2, 1, 12)?;
        self.one_of(b"-")?;
        let day = self.number(2, 1, days_in_month(year, month))?;
        Some(days_from_civil(year, month, day))
    }

    fn fraction(&mut self) -> Option<u32> {
        if self.one_of(b".").is_none() {
            return Some(0);
        }
        let count = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=9).contains(&count) {
            return None;
        }
        let value = self.number(count, 0, u32::MAX)?;
        Some(value * 10_u32.pow(9 - u32::try_from(count).ok()?))
    }

    fn offset(&mut self) -> Option<i64> {
        let sign = match self.one_of(b"Zz+-")? {
            b'+' => 1,
            b'-' => -1,
            _ => return Some(0),
        };
        let hours = self.number(2, 0, 23)?;
        self.one_of(b":")?;
        let minutes = self.number(2, 0, 59)?;
        Some(sign * i64::from(hours * 3_600 + minutes * 60))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn reads_what_it_prints() {
        for text in [
            "1970-01-01T00:00:00Z",
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59.999999999Z",
            "2024-02-29T12:34:56.5Z",
            "1969-12-31T23:59:59.000000001Z",
        ] {
            assert_eq!(Timestamp::parse_rfc3339(text).unwrap().to_string(), text);
        }
        let moved = Timestamp::parse_rfc3339("2026-11-23T09:00:00.1239+08:00").unwrap();
        assert_eq!(moved.to_rfc3339_ms(), "2026-11-23T01:00:00.123Z");
        assert_eq!(Timestamp::from_unix_ms(moved.unix_ms()).unwrap().to_rfc3339_ms(), moved.to_rfc3339_ms());
    }

    #[test]
    fn refuses_what_is_no_date() {
        for text in [
            "",
            "2026-11-23",
            "2026-11-23T09:00:00",
            "2026-13-01T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2026-11-23T24:00:00Z",
            "2026-11-23T09:00:60Z",
            "2026-11-23T09:00:00.Z",
            "0000-01-01T00:00:00Z",
            "2026-11-23T09:00:00.1234567890Z",
            "2026-11-23T09:00:00Zx",
            "10000-01-01T00:00:00Z",
            "２026-11-23T09:00:00Z",
        ] {
            assert_eq!(Timestamp::parse_rfc3339(text), None, "{text}");
        }
        assert_eq!(parse_offset("America/St_Johns"), None);
        assert_eq!(parse_offset("-02:30"), Some(-9_000));
        assert_eq!(parse_offset("02:00"), Some(7_200));
    }

    #[test]
    fn every_day_of_four_centuries_round_trips() {
        let mut expected = (1800, 1, 1);
        for days in days_from_civil(1800, 1, 1)..days_from_civil(2201, 1, 1) {
            assert_eq!(civil_from_days(days), expected);
            assert_eq!(days_from_civil(expected.0, expected.1, expected.2), days);
            let last = expected.2 == days_in_month(expected.0, expected.1);
            expected = match (last, expected.1) {
                (false, month) => (expected.0, month, expected.2 + 1),
                (true, 12) => (expected.0 + 1, 1, 1),
                (true, month) => (expected.0, month + 1, 1),
            };
        }
    }

    #[test]
    fn civil_fields_and_moves() {
        let instant = Timestamp::parse_rfc3339("2009-02-13T23:31:30Z").unwrap();
        let civil = instant.civil(0);
        assert_eq!((civil.weekday, civil.day_of_year), (5, 44));
        assert_eq!(instant.civil(3_600).day, 14);
        let next = instant.checked_add_nanos(-1).unwrap();
        assert_eq!(next.to_string(), "2009-02-13T23:31:29.999999999Z");
        assert_eq!(instant.checked_nanos_since(next), Some(1));
        assert_eq!(Timestamp::new(MAX_SECONDS, 999_999_999).unwrap().checked_add_nanos(1), None);
    }
}
