//! A column of a decision table cut into regions in which every cell of it either holds or does not: the
//! points that cells name, what lies between them, other texts, and missing values.

use crate::policy::cell::{Bound, Cell, End, Kind, Test};
use crate::time::Timestamp;

/// What a column can hold, beyond its kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Domain {
    /// Least and greatest number.
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
    /// Whether only whole numbers occur.
    pub(super) whole: bool,
    /// All values, where they are known.
    pub(super) values: Option<Vec<End>>,
    /// Whether a value can be missing.
    pub(super) nullable: bool,
}

/// Some of a column's regions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Set {
    All,
    These(Vec<u64>),
    /// Nobody knows before the run: the cell names another value.
    Unknown,
}

/// A column and its regions.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub(super) name: String,
    domain: Domain,
    points: Points,
    /// Whether there is a region for what lies between points, or for other texts.
    count: usize,
    /// The regions in which values can lie.
    exists: Vec<u64>,
}

/// The values that cells name, sorted.
#[derive(Clone, Debug)]
enum Points {
    /// With open regions before, between and behind them.
    Numbers(Vec<f64>),
    Instants(Vec<Timestamp>),
    /// With one region for all others.
    Texts(Vec<String>),
    Truths,
}

impl Axis {
    /// Cuts a column of these cells.
    pub(super) fn new<'c>(
        name: &str,
        kind: Kind,
        domain: Domain,
        cells: impl Iterator<Item = &'c Cell> + Clone,
    ) -> Self {
        let tests = cells.flat_map(|cell| match cell {
            Cell::Any => &[][..],
            Cell::Tests(tests) | Cell::Not(tests) => tests,
        });
        let named = tests.flat_map(|test| match test {
            Test::Null => Vec::new(),
            Test::Equal(end) => vec![end],
            Test::Range(low, high) => [low, high].into_iter().flatten().map(|bound| &bound.end).collect(),
        });
        let named: Vec<&End> = named.chain(domain.values.iter().flatten()).collect();
        let points = match kind {
            Kind::Number | Kind::Integer => {
                let mut numbers: Vec<f64> = named.iter().filter_map(|end| end.number()).collect();
                // The bounds themselves are regions: a cell may end there.
                numbers.extend(domain.min.iter().chain(&domain.max));
                numbers.sort_by(f64::total_cmp);
                numbers.dedup();
                Points::Numbers(numbers)
            }
            Kind::Instant => {
                let instant =
                    |end: &&End| if let End::Instant(instant) = end { Some(*instant) } else { None };
                let mut instants: Vec<Timestamp> = named.iter().filter_map(instant).collect();
                instants.sort();
                instants.dedup();
                Points::Instants(instants)
            }
            Kind::Text => {
                let text = |end: &&End| if let End::Text(text) = end { Some(text.clone()) } else { None };
                let mut texts: Vec<String> = named.iter().filter_map(text).collect();
                texts.sort();
                texts.dedup();
                Points::Texts(texts)
            }
            Kind::Truth => Points::Truths,
        };
        let inner = match &points {
            Points::Numbers(points) => 2 * points.len() + 1,
            Points::Instants(points) => 2 * points.len() + 1,
            Points::Texts(points) => points.len() + 1,
            Points::Truths => 2,
        };
        let mut axis = Self { name: name.to_owned(), domain, points, count: inner + 1, exists: Vec::new() };
        axis.exists = axis.pick(|region| axis.can_hold(region));
        axis
    }

    /// The region of missing values.
    const fn null(&self) -> usize {
        self.count - 1
    }

    fn pick(&self, holds: impl Fn(usize) -> bool) -> Vec<u64> {
        let mut words = vec![0; self.count.div_ceil(64)];
        for region in (0..self.count).filter(|&region| holds(region)) {
            words[region / 64] |= 1 << (region % 64);
        }
        words
    }

    fn can_hold(&self, region: usize) -> bool {
        if region == self.null() {
            return self.domain.nullable;
        }
        if let Some(values) = &self.domain.values {
            return values.iter().any(|value| self.region_of(value) == Some(region));
        }
        let Points::Numbers(points) = &self.points else { return true };
        let (low, high) = ends(points, region);
        let inside = |number: f64| {
            self.domain.min.is_none_or(|min| number >= min) && self.domain.max.is_none_or(|max| number <= max)
        };
        match (low, high) {
            _ if region % 2 == 1 => {
                low.is_some_and(|point| inside(point) && (!self.domain.whole || is_whole(point)))
            }
            // The bounds are points themselves, so an open region lies inside or outside as a whole.
            (Some(low), _) if self.domain.max.is_some_and(|max| low >= max) => false,
            (_, Some(high)) if self.domain.min.is_some_and(|min| high <= min) => false,
            (Some(low), Some(high)) => !self.domain.whole || libm::floor(low) + 1.0 < high,
            _ => true,
        }
    }

    fn region_of(&self, value: &End) -> Option<usize> {
        match (&self.points, value) {
            (Points::Numbers(points), value) => {
                let number = value.number()?;
                let at = points.partition_point(|point| *point < number);
                Some(if points.get(at) == Some(&number) { 2 * at + 1 } else { 2 * at })
            }
            (Points::Instants(points), End::Instant(instant)) => match points.binary_search(instant) {
                Ok(at) => Some(2 * at + 1),
                Err(at) => Some(2 * at),
            },
            (Points::Texts(points), End::Text(text)) => {
                Some(points.binary_search(text).unwrap_or(points.len()))
            }
            (Points::Truths, End::Truth(truth)) => Some(usize::from(*truth)),
            _ => None,
        }
    }

    /// The regions in which a cell holds.
    pub(super) fn set(&self, cell: &Cell) -> Set {
        let (tests, negated) = match cell {
            Cell::Any => return Set::All,
            Cell::Tests(tests) => (tests, false),
            Cell::Not(tests) => (tests, true),
        };
        let mut words = vec![0; self.count.div_ceil(64)];
        let mut ranges = false;
        for test in tests {
            let holds = match test {
                Test::Null => self.pick(|region| region == self.null()),
                Test::Equal(end) => match self.region_of(end) {
                    Some(own) => self.pick(|region| region == own),
                    None => return Set::Unknown,
                },
                Test::Range(low, high) => {
                    ranges = true;
                    match self.range(low.as_ref(), high.as_ref()) {
                        Some(holds) => holds,
                        None => return Set::Unknown,
                    }
                }
            };
            words.iter_mut().zip(holds).for_each(|(word, own)| *word |= own);
        }
        if negated {
            words = self.pick(|region| {
                // What is missing is neither inside nor outside a range.
                words[region / 64] & (1 << (region % 64)) == 0 && !(ranges && region == self.null())
            });
        }
        Set::These(words)
    }

    fn range(&self, low: Option<&Bound>, high: Option<&Bound>) -> Option<Vec<u64>> {
        let first = match low {
            None => 0,
            Some(bound) => self.region_of(&bound.end)? + usize::from(!bound.closed),
        };
        let last = match high {
            None => self.null(),
            Some(bound) => self.region_of(&bound.end)? + usize::from(bound.closed),
        };
        Some(self.pick(|region| region >= first && region < last && region != self.null()))
    }

    /// A set's regions that exist; `None` for what is only known at the run.
    pub(super) fn existing(&self, set: &Set) -> Option<Vec<u64>> {
        match set {
            Set::All => Some(self.exists.clone()),
            Set::These(words) => Some(words.iter().zip(&self.exists).map(|(a, b)| a & b).collect()),
            Set::Unknown => None,
        }
    }

    /// The regions that exist.
    pub(super) fn regions(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.count).filter(|region| has(&self.exists, *region))
    }

    /// A value in a region, as text.
    pub(super) fn witness(&self, region: usize) -> String {
        if region == self.null() {
            return "missing".into();
        }
        match &self.points {
            Points::Numbers(points) => self.number(points, region).to_string(),
            Points::Instants(points) => {
                let at = region / 2;
                match (at.checked_sub(1).and_then(|before| points.get(before)), points.get(at)) {
                    (_, Some(point)) if region % 2 == 1 => point.to_string(),
                    (Some(before), _) => format!("after {before}"),
                    (None, Some(point)) => format!("before {point}"),
                    (None, None) => "any time".into(),
                }
            }
            Points::Texts(points) => {
                points.get(region).map_or_else(|| "any other text".into(), |text| format!("{text:?}"))
            }
            Points::Truths => (region == 1).to_string(),
        }
    }

    fn number(&self, points: &[f64], region: usize) -> f64 {
        let (low, high) = ends(points, region);
        match (low, high) {
            (Some(point), _) if region % 2 == 1 => point,
            (Some(low), Some(_)) if self.domain.whole => libm::floor(low) + 1.0,
            (Some(low), Some(high)) => low + (high - low) / 2.0,
            (Some(low), None) => libm::floor(low) + 1.0,
            (None, Some(high)) => libm::ceil(high) - 1.0,
            (None, None) => 0.0,
        }
    }
}

/// The points around an open region, or the point that a region is.
fn ends(points: &[f64], region: usize) -> (Option<f64>, Option<f64>) {
    let at = region / 2;
    if region % 2 == 1 {
        return (points.get(at).copied(), points.get(at).copied());
    }
    (at.checked_sub(1).and_then(|before| points.get(before)).copied(), points.get(at).copied())
}

fn is_whole(number: f64) -> bool {
    libm::floor(number) == number
}

/// Whether a region is among these.
pub(super) fn has(words: &[u64], region: usize) -> bool {
    words.get(region / 64).is_some_and(|word| word & (1 << (region % 64)) != 0)
}
