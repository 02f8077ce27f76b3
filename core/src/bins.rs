//! Finding the bin of a value: ranges by binary search, texts and truth values by name, special numbers
//! first, missing ones last.

use std::collections::BTreeMap;

use crate::manifest::{Bin, Closed, Edges};
use crate::rules::{Column, Data};

/// Bins, ready to be searched. What the manifest's check has seen to is taken as given: ranges ascend and do
/// not overlap.
#[derive(Clone, Debug, Default)]
pub struct Bins {
    ranges: Vec<Range>,
    closed: Closed,
    special: Vec<(f64, usize)>,
    texts: BTreeMap<Box<str>, usize>,
    truths: [Option<usize>; 2],
    missing: Option<usize>,
    other: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Range {
    from: f64,
    to: f64,
    bin: usize,
}

impl Bins {
    /// Bins as a manifest lists them.
    #[must_use]
    pub fn new(bins: &[Bin], closed: Closed) -> Self {
        let mut all = Self { closed, ..Self::default() };
        for (at, bin) in bins.iter().enumerate() {
            if bin.missing {
                all.missing = Some(at);
            } else if bin.other {
                all.other = Some(at);
            } else if let Some(values) = &bin.values {
                values.iter().for_each(|value| all.list(value, at));
            } else {
                let from = bin.from.unwrap_or(f64::NEG_INFINITY);
                all.ranges.push(Range { from, to: bin.to.unwrap_or(f64::INFINITY), bin: at });
            }
        }
        all
    }

    /// Bins between edges: first the ranges, then the special values, then the missing ones.
    #[must_use]
    pub fn between(edges: &Edges) -> Self {
        let ends = edges.edges.iter().copied();
        let from = std::iter::once(f64::NEG_INFINITY).chain(ends.clone());
        let to = ends.chain([f64::INFINITY]);
        let ranges = from.zip(to).enumerate().map(|(bin, (from, to))| Range { from, to, bin });
        let ranges: Vec<Range> = ranges.collect();
        let special = edges.special.iter().enumerate();
        let special = special.flat_map(|(at, special)| special.values.iter().map(move |&value| (value, at)));
        Self {
            special: special.map(|(value, at)| (value, ranges.len() + at)).collect(),
            missing: edges.missing.as_ref().map(|_| ranges.len() + edges.special.len()),
            ranges,
            closed: edges.closed,
            ..Self::default()
        }
    }

    fn list(&mut self, value: &crate::json::Value, bin: usize) {
        if let Some(text) = value.as_str() {
            self.texts.insert(text.into(), bin);
        } else if let Some(truth) = value.as_bool() {
            self.truths[usize::from(truth)] = Some(bin);
        } else if let Some(number) = value.as_f64() {
            self.special.push((number, bin));
        }
    }

    /// The bin of a row's value, by its place in the list; `None` where no bin takes it.
    #[must_use]
    pub fn of(&self, column: &Column, row: usize) -> Option<usize> {
        if column.is_null(row) || column.fault(row).is_some() {
            return self.missing;
        }
        let found = match column.data() {
            Data::Double(cells) => self.of_number(*cells.get(row)?),
            Data::Int(cells) => self.of_number(*cells.get(row)? as f64),
            Data::Text(cells) => self.texts.get(cells.get(row)).copied(),
            Data::Bool(cells) => self.truths[usize::from(*cells.get(row)?)],
            _ => None,
        };
        found.or(self.other)
    }

    fn of_number(&self, number: f64) -> Option<usize> {
        if let Some((_, bin)) = self.special.iter().find(|(value, _)| *value == number) {
            return Some(*bin);
        }
        let begun = match self.closed {
            Closed::Left => self.ranges.partition_point(|range| range.from <= number),
            Closed::Right => self.ranges.partition_point(|range| range.from < number),
        };
        // Nothing is below the lower end of the first range where it has none.
        let range = self.ranges.get(begun.checked_sub(1)?)?;
        let inside = match self.closed {
            Closed::Left => number < range.to,
            Closed::Right => number <= range.to,
        };
        inside.then_some(range.bin)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn bins(json: &str, closed: Closed) -> Bins {
        Bins::new(&serde_json::from_str::<Vec<Bin>>(json).unwrap(), closed)
    }

    fn of(bins: &Bins, cells: &[f64]) -> Vec<Option<usize>> {
        let column = Column::new(Data::Double(cells.to_vec()));
        (0..cells.len()).map(|row| bins.of(&column, row)).collect()
    }

    #[test]
    fn ranges_begin_and_end_where_they_say() {
        let text = r#"[{"to":10},{"from":10,"to":20},{"from":20}]"#;
        let cells = [-1e300, 9.999, 10.0, 19.0, 20.0, 1e300];
        assert_eq!(of(&bins(text, Closed::Left), &cells), [0, 0, 1, 1, 2, 2].map(Some));
        assert_eq!(of(&bins(text, Closed::Right), &cells), [0, 0, 0, 1, 1, 2].map(Some));
        let gap = bins(r#"[{"from":0,"to":10},{"from":20,"to":30}]"#, Closed::Left);
        assert_eq!(of(&gap, &[-1.0, 0.0, 10.0, 20.0, 30.0]), [None, Some(0), None, Some(1), None]);
    }

    #[test]
    fn special_missing_and_other_have_their_own() {
        let all =
            bins(r#"[{"values":[-1,-2]},{"from":-5,"to":5},{"missing":true},{"other":true}]"#, Closed::Left);
        assert_eq!(of(&all, &[-1.0, -2.0, -3.0, 5.0]), [Some(0), Some(0), Some(1), Some(3)]);
        let column = Column::with_presence(Data::Int(vec![-2, 7]), &[true, false]);
        assert_eq!((all.of(&column, 0), all.of(&column, 1)), (Some(0), Some(2)));
        let texts = bins(r#"[{"values":["a","b"]},{"values":["c"]}]"#, Closed::Left);
        let column = Column::new(Data::Text(["b", "c", "d"].into_iter().collect()));
        assert_eq!([0, 1, 2].map(|row| texts.of(&column, row)), [Some(0), Some(1), None]);
        let truths = bins(r#"[{"values":[true]},{"other":true}]"#, Closed::Left);
        let column = Column::new(Data::Bool(vec![true, false]));
        assert_eq!([0, 1].map(|row| truths.of(&column, row)), [Some(0), Some(1)]);
    }

    #[test]
    fn edges_are_ranges_without_gaps() {
        let edges: Edges = serde_json::from_str(
            r#"{"of":"x","edges":[1,2],"values":[5,6,7],"special":[{"values":[-1],"to":8}],"missing":9}"#,
        )
        .unwrap();
        assert_eq!(of(&Bins::between(&edges), &[0.0, 1.0, 2.0, -1.0]), [0, 1, 2, 3].map(Some));
        let column = Column::with_presence(Data::Double(vec![0.0]), &[false]);
        assert_eq!(Bins::between(&edges).of(&column, 0), Some(4));
    }
}
