//! From contributions of features to reason codes: summed per code, the adverse ones ranked.

use std::collections::BTreeMap;

use crate::manifest::{Direction, ReasonCode};

/// Which code each of the model's features counts for.
#[derive(Clone, Debug)]
pub struct CodeMap {
    /// Per feature of the model the place of its code.
    code_of: Vec<Option<usize>>,
    codes: usize,
    direction: Direction,
}

impl CodeMap {
    /// Maps the model's features, in the order of the contributions, to these codes.
    #[must_use]
    pub fn new(codes: &[ReasonCode], features: &[&str], direction: Direction) -> Self {
        let named = |(at, code): (usize, &'_ ReasonCode)| {
            code.features.iter().map(move |name| (name.clone(), at)).collect::<Vec<_>>()
        };
        let places: BTreeMap<String, usize> = codes.iter().enumerate().flat_map(named).collect();
        let code_of = |feature: &&str| places.get(*feature).copied();
        Self { code_of: features.iter().map(code_of).collect(), codes: codes.len(), direction }
    }

    /// The `top` codes whose summed contributions are most adverse, as places in the manifest's list and
    /// sums. Equal sums keep the manifest's order; features without a code count for nothing.
    #[must_use]
    pub fn rank(&self, contributions: &[f64], top: usize) -> Vec<(usize, f64)> {
        let mut sums = vec![0.0; self.codes];
        for (code, contribution) in self.code_of.iter().zip(contributions) {
            if let Some(sum) = code.and_then(|code| sums.get_mut(code)) {
                *sum += contribution;
            }
        }
        let adverse = |sum: f64| match self.direction {
            Direction::Increase => sum,
            Direction::Decrease => -sum,
        };
        let mut ranked: Vec<(usize, f64)> =
            sums.into_iter().enumerate().filter(|&(_, sum)| adverse(sum) > 0.0).collect();
        ranked.sort_by(|a, b| adverse(b.1).total_cmp(&adverse(a.1)));
        ranked.truncate(top);
        ranked
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::manifest::Texts;

    fn codes() -> Vec<ReasonCode> {
        [("R1", &["a", "b"][..]), ("R2", &["c"]), ("K1", &[]), ("R3", &["d"])]
            .map(|(code, features)| ReasonCode {
                code: code.into(),
                features: features.iter().map(|&name| name.into()).collect(),
                text: Texts::default(),
            })
            .into()
    }

    #[test]
    fn sums_and_ranks_what_is_adverse() {
        let features = ["a", "b", "unmapped", "c", "d"];
        let contributions = [0.25, 0.5, 9.0, 0.75, -0.5];
        let map = CodeMap::new(&codes(), &features, Direction::Increase);
        assert_eq!(map.rank(&contributions, 4), [(0, 0.75), (1, 0.75)], "equal sums keep their order");
        assert_eq!(map.rank(&contributions, 1), [(0, 0.75)]);
        assert_eq!(map.rank(&contributions, 0), []);
        assert_eq!(map.rank(&[0.0; 5], 4), [], "what changes nothing is no reason");
        let map = CodeMap::new(&codes(), &features, Direction::Decrease);
        assert_eq!(map.rank(&contributions, 4), [(3, -0.5)]);
    }
}
