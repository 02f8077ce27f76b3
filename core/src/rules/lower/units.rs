//! Units of measure, so that days are not added to euros nor a monthly amount compared with a yearly one.
//!
//! A unit is a product of powers of atoms. Words for spans of time are known in singular and plural; any
//! other word is an atom of its own, `EUR` as well as `months late`. Nothing is converted by itself: what
//! is computed is the author's expression, and this only tells what it cannot mean. Where an expression
//! multiplies by a number that converts a unit (12 months a year), it may mean the converted unit or a share
//! of the first, so both are kept; a name without a declared unit says nothing and is believed.

use std::collections::BTreeMap;
use std::fmt;

/// One unit; without atoms a plain number.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unit(BTreeMap<String, i32>);

/// The units that a value may have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Units {
    /// Nothing is known.
    #[default]
    Unknown,
    /// A literal or a count: fits with everything.
    Free,
    /// One of these, sorted.
    OneOf(Vec<Unit>),
}

/// Kept candidates; past them nothing is known.
const MAX_CANDIDATES: usize = 16;
/// What percentages are made of.
const PERCENT: &str = "%";

/// Larger span, smaller span, how many of the second make one of the first.
const SPANS: [(&str, &str, &[f64]); 11] = [
    ("year", "month", &[12.0]),
    ("year", "week", &[52.0]),
    ("year", "day", &[365.0, 365.25, 366.0, 360.0]),
    ("month", "day", &[30.0, 31.0, 30.4, 30.42, 30.4375]),
    ("week", "day", &[7.0]),
    ("day", "hour", &[24.0]),
    ("day", "minute", &[1_440.0]),
    ("day", "second", &[86_400.0]),
    ("hour", "minute", &[60.0]),
    ("hour", "second", &[3_600.0]),
    ("minute", "second", &[60.0]),
];

impl Unit {
    /// Reads a unit: `EUR`, `EUR a month`, `EUR/month`, `years`, `%`. `1`, `share` and `ratio` are plain numbers.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut unit = Self::default();
        let mut text = text.trim().to_owned();
        for word in [" an ", " a ", " per "] {
            text = text.replace(word, "/");
        }
        for (at, part) in text.split('/').enumerate() {
            for atom in part.split(['*', '·']) {
                unit.raise(atom.trim(), if at == 0 { 1 } else { -1 });
            }
        }
        unit
    }

    /// A unit of one atom.
    #[must_use]
    pub fn of(atom: &str) -> Self {
        Self::parse(atom)
    }

    fn raise(&mut self, atom: &str, power: i32) {
        let atom = match atom {
            "" | "1" | "share" | "ratio" | "fraction" => return,
            "percent" => PERCENT,
            "s" | "sec" | "second" | "seconds" => "second",
            "min" | "minute" | "minutes" => "minute",
            "h" | "hour" | "hours" => "hour",
            "d" | "day" | "days" => "day",
            "week" | "weeks" => "week",
            "month" | "months" => "month",
            "year" | "years" => "year",
            other => other,
        };
        let own = self.0.entry(atom.to_owned()).or_default();
        *own = own.saturating_add(power);
        if *own == 0 {
            self.0.remove(atom);
        }
    }

    fn times(&self, other: &Self, power: i32) -> Self {
        let mut product = self.clone();
        for (atom, own) in &other.0 {
            product.raise(atom, own.saturating_mul(power));
        }
        product
    }

    fn exchanged(&self, from: &str, to: &str, power: i32) -> Option<Self> {
        if self.0.get(from) != Some(&power) {
            return None;
        }
        let mut other = self.clone();
        other.raise(from, -power);
        other.raise(to, power);
        Some(other)
    }

    /// The units that this one may be after a multiplication by a number, itself among them.
    fn scaled(&self, factor: f64) -> Vec<Self> {
        let mut all = vec![self.clone()];
        let is = |number: f64| (factor / number - 1.0).abs() < 1e-9;
        for (large, small, numbers) in SPANS {
            if numbers.iter().any(|number| is(*number)) {
                all.extend(self.exchanged(large, small, 1));
                all.extend(self.exchanged(small, large, -1));
            }
            if numbers.iter().any(|number| is(1.0 / number)) {
                all.extend(self.exchanged(small, large, 1));
                all.extend(self.exchanged(large, small, -1));
            }
        }
        if is(100.0) && !self.0.contains_key(PERCENT) {
            all.push(self.times(&Self::of(PERCENT), 1));
        }
        if is(0.01) && self.0.get(PERCENT) == Some(&1) {
            all.push(self.times(&Self::of(PERCENT), -1));
        }
        all
    }

    /// How this unit becomes the other, as an expression says it.
    fn conversion(&self, to: &Self) -> Option<String> {
        let factors =
            SPANS.iter().map(|(_, _, numbers)| numbers.first().copied().unwrap_or(1.0)).chain([100.0]);
        factors.into_iter().find_map(|factor| {
            if self.scaled(factor).contains(to) {
                return Some(format!("* {factor:.1}"));
            }
            self.scaled(1.0 / factor).contains(to).then(|| format!("/ {factor:.1}"))
        })
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("a plain number");
        }
        let write = |f: &mut fmt::Formatter<'_>, atom: &str, power: i32, alone: bool| {
            let plural = alone && SPANS.iter().any(|(large, small, _)| atom == *large || atom == *small);
            write!(f, "{atom}{}", if plural { "s" } else { "" })?;
            if power > 1 { write!(f, "^{power}") } else { Ok(()) }
        };
        let over: Vec<_> = self.0.iter().filter(|(_, power)| **power > 0).collect();
        if over.is_empty() {
            f.write_str("1")?;
        }
        for (at, (atom, power)) in over.iter().enumerate() {
            if at > 0 {
                f.write_str("*")?;
            }
            write(f, atom, **power, self.0.len() == 1)?;
        }
        for (atom, power) in self.0.iter().filter(|(_, power)| **power < 0) {
            f.write_str(if atom == "hour" { " an " } else { " a " })?;
            write(f, atom, -power, false)?;
        }
        Ok(())
    }
}

impl Units {
    /// The unit that somebody declares.
    #[must_use]
    pub fn declared(text: Option<&str>) -> Self {
        text.map_or(Self::Unknown, |text| Self::OneOf(vec![Unit::parse(text)]))
    }

    /// One of these units.
    #[must_use]
    pub fn one_of(units: impl IntoIterator<Item = Unit>) -> Self {
        let mut units: Vec<Unit> = units.into_iter().collect();
        units.sort();
        units.dedup();
        if units.len() > MAX_CANDIDATES { Self::Unknown } else { Self::OneOf(units) }
    }

    /// The units of two values that are added, compared or stand for each other.
    ///
    /// # Errors
    /// Says which units do not fit and, where there is one, how to convert.
    pub fn meet(&self, other: &Self) -> Result<Self, String> {
        let (own, others) = match (self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) => return Ok(Self::Unknown),
            (Self::Free, units) | (units, Self::Free) => return Ok(units.clone()),
            (Self::OneOf(own), Self::OneOf(others)) => (own, others),
        };
        let both: Vec<Unit> = own.iter().filter(|unit| others.contains(unit)).cloned().collect();
        if !both.is_empty() {
            return Ok(Self::OneOf(both));
        }
        let (Some(a), Some(b)) = (own.first(), others.first()) else { return Ok(Self::Unknown) };
        let advice = match a.conversion(b) {
            Some(by) => format!("; write {by} after the first to convert it"),
            None => String::new(),
        };
        Err(format!("{a} and {b} do not go together{advice}"))
    }

    /// The units of a product, or of a quotient with `power` -1.
    #[must_use]
    pub fn times(&self, other: &Self, power: i32) -> Self {
        match (self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Free, Self::Free) => Self::Free,
            (units, Self::Free) => units.clone(),
            (Self::Free, Self::OneOf(others)) => {
                Self::one_of(others.iter().map(|unit| Unit::default().times(unit, power)))
            }
            (Self::OneOf(own), Self::OneOf(others)) => Self::one_of(
                own.iter().flat_map(|own| others.iter().map(move |other| own.times(other, power))),
            ),
        }
    }

    /// The units after a multiplication by a number.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        match self {
            Self::OneOf(units) if factor.is_finite() && factor != 0.0 => {
                Self::one_of(units.iter().flat_map(|unit| unit.scaled(factor)))
            }
            units => units.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn units(text: &str) -> Units {
        Units::declared(Some(text))
    }

    #[test]
    fn units_have_one_spelling() {
        for (written, shown) in [
            ("EUR", "EUR"),
            ("EUR/month", "EUR a month"),
            ("EUR per months", "EUR a month"),
            ("EUR a month", "EUR a month"),
            ("days", "days"),
            ("d", "days"),
            ("months late", "months late"),
            ("1", "a plain number"),
            ("share", "a plain number"),
            ("percent", "%"),
            ("1/day", "1 a day"),
            ("EUR*EUR", "EUR^2"),
            ("claims per hour", "claims an hour"),
        ] {
            assert_eq!(Unit::parse(written).to_string(), shown, "{written}");
        }
    }

    #[test]
    fn what_does_not_fit_says_how_to_convert() {
        assert_eq!(units("EUR").meet(&units("days")).unwrap_err(), "EUR and days do not go together");
        assert_eq!(
            units("EUR a month").meet(&units("EUR a year")).unwrap_err(),
            "EUR a month and EUR a year do not go together; write * 12.0 after the first to convert it"
        );
        assert!(units("days").meet(&units("weeks")).unwrap_err().contains("/ 7.0"));
        assert_eq!(units("EUR").meet(&Units::Free).unwrap(), units("EUR"));
        assert_eq!(units("EUR").meet(&Units::Unknown).unwrap(), Units::Unknown);
    }

    #[test]
    fn products_and_conversions() {
        let yearly = units("EUR a month").scaled(12.0);
        assert_eq!(yearly.meet(&units("EUR a year")).unwrap(), units("EUR a year"));
        assert_eq!(yearly.meet(&units("EUR a month")).unwrap(), units("EUR a month"), "or twelve of them");
        assert!(units("EUR a month").scaled(11.0).meet(&units("EUR a year")).is_err());
        assert_eq!(units("EUR a month").times(&units("months"), 1), units("EUR"));
        assert_eq!(units("EUR").times(&units("EUR"), -1), units("share"));
        assert_eq!(Units::Free.times(&units("days"), -1), units("1/day"));
        assert!(units("share").scaled(100.0).meet(&units("%")).is_ok());
        assert!(units("share").meet(&units("%")).is_err());
        assert!(units("days").scaled(1.0 / 365.25).meet(&units("years")).is_ok());
    }
}
