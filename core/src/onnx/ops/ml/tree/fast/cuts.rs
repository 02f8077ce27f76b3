//! Every comparison as one of two: is x above a threshold, or is x in a set.
//!
//! The kernels know one question per split: *high* or *low*. Translating is exact: for numbers of one
//! width, `x < t` is `x <= the number next below t`, and what holds for all numbers or for none (a
//! threshold that is infinite or NaN) is membership in the empty set. NaN never takes part in a
//! comparison here; a cut says where it goes.

use std::collections::BTreeMap;

use super::super::ensemble::{Branch, Child, Forest, Test};
use super::super::real::Real;

/// What a split asks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Question<T> {
    /// Is x greater than this, which is below infinity and no NaN.
    Above(T),
    /// Is x in this one of [`Sets`].
    In(u32),
}

/// A split as the kernels see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut<T> {
    pub(super) feature: u32,
    pub(super) question: Question<T>,
    /// Where NaN goes.
    pub(super) nan_is_high: bool,
    /// The child where the answer is no.
    pub(super) low: Child,
    /// The child where it is yes.
    pub(super) high: Child,
}

/// Sets of values that splits ask for, each once per feature.
#[derive(Debug)]
pub(super) struct Sets<T> {
    known: BTreeMap<(u32, Box<[u64]>), u32>,
    /// Feature and members, ascending, of each set.
    pub(super) list: Vec<(u32, Vec<T>)>,
    members: usize,
}

/// Sets and their members together that the kernels take; a forest with more is scored plainly. Each
/// set is a column of its own, and looked up per row.
const MAX_SETS: usize = 256;
const MAX_MEMBERS: usize = 1 << 15;

impl<T> Default for Sets<T> {
    fn default() -> Self {
        Self { known: BTreeMap::new(), list: Vec::new(), members: 0 }
    }
}

impl<T: Real> Sets<T> {
    fn number(&mut self, feature: u32, members: &[T]) -> Option<u32> {
        // Zeros are equal, so one of them stands for both.
        let bits = |member: &T| if *member == T::ZERO { 0 } else { member.to_f64().to_bits() };
        let key = (feature, members.iter().map(bits).collect());
        if let Some(&number) = self.known.get(&key) {
            return Some(number);
        }
        self.members += members.len();
        if self.list.len() >= MAX_SETS || self.members > MAX_MEMBERS {
            return None;
        }
        let number = self.list.len() as u32;
        self.list.push((feature, members.to_vec()));
        self.known.insert(key, number);
        Some(number)
    }
}

/// Translates a split; `None` where there are more sets than the kernels take.
pub(super) fn cut<T: Real>(forest: &Forest<T>, branch: &Branch<T>, sets: &mut Sets<T>) -> Option<Cut<T>> {
    let (t, feature) = (branch.threshold, branch.feature() as u32);
    let nan = t.partial_cmp(&t).is_none();
    let (lowest, highest) = (T::from_f64(f64::NEG_INFINITY), T::from_f64(f64::INFINITY));
    // The question, and whether a yes means that the comparison holds.
    let (question, yes) = match branch.test() {
        // A comparison with NaN holds for no number, except "unequal".
        Test::Leq | Test::Lt | Test::Gt | Test::Gte | Test::Eq if nan => (None, true),
        Test::Neq if nan => (None, false),
        Test::Leq if t == highest => (None, false),
        Test::Leq => (Some(t), false),
        Test::Lt if t == lowest => (None, true),
        Test::Lt => (Some(t.next_below()), false),
        Test::Gt if t == highest => (None, true),
        Test::Gt => (Some(t), true),
        Test::Gte if t == lowest => (None, false),
        Test::Gte => (Some(t.next_below()), true),
        Test::Eq | Test::Neq => {
            let set = sets.number(feature, &[t])?;
            return Some(made(branch, Question::In(set), branch.test() == Test::Eq));
        }
        Test::Member => {
            let set = sets.number(feature, forest.set(t.to_place() as usize))?;
            return Some(made(branch, Question::In(set), true));
        }
    };
    let question = match question {
        Some(threshold) => Question::Above(threshold),
        None => Question::In(sets.number(feature, &[])?),
    };
    Some(made(branch, question, yes))
}

fn made<T>(branch: &Branch<T>, question: Question<T>, yes: bool) -> Cut<T> {
    let (low, high) = if yes { (branch.on_false, branch.on_true) } else { (branch.on_true, branch.on_false) };
    let nan_is_high = branch.missing_is_true() == yes;
    Cut { feature: branch.feature() as u32, question, nan_is_high, low, high }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn forest() -> Forest<f32> {
        Forest { sets: vec![1.0, 3.0], set_ends: vec![2], ..Forest::default() }
    }

    #[test]
    fn a_cut_answers_as_the_comparison_does() {
        let forest = forest();
        let inf = f32::INFINITY;
        let tiny = f32::from_bits(1);
        let edges = [-inf, f32::MIN, -1.0, -tiny, -0.0, 0.0, tiny, 1.0, 1.0f32.next_up(), 3.0, f32::MAX, inf];
        let tests = [Test::Leq, Test::Lt, Test::Gte, Test::Gt, Test::Eq, Test::Neq, Test::Member];
        let mut seen = 0;
        for test in tests {
            for threshold in edges.into_iter().chain([f32::NAN]) {
                for missing in [false, true] {
                    let threshold = if test == Test::Member { f32::from_place(0) } else { threshold };
                    let mut branch = Branch::new(threshold, 4, test, missing);
                    (branch.on_true, branch.on_false) = (Child::leaf(1), Child::leaf(0));
                    let mut sets = Sets::default();
                    let cut = cut(&forest, &branch, &mut sets).unwrap();
                    for x in edges.into_iter().chain([f32::NAN, -f32::NAN]) {
                        let high = match cut.question {
                            _ if x.is_nan() => cut.nan_is_high,
                            Question::Above(threshold) => x > threshold,
                            Question::In(set) => sets.list[set as usize].1.contains(&x),
                        };
                        let found = if high { cut.high } else { cut.low } == Child::leaf(1);
                        assert_eq!(found, forest.compare(&branch, x), "{test:?} {threshold} {missing} {x}");
                        seen += 1;
                    }
                    assert!(!matches!(cut.question, Question::Above(t) if t.is_nan() || t == inf));
                }
            }
        }
        assert_eq!(seen, 7 * 13 * 2 * 14);
    }

    #[test]
    fn equal_sets_are_one_and_too_many_are_none() {
        let mut sets = Sets::<f32>::default();
        assert_eq!(sets.number(1, &[0.0]), sets.number(1, &[-0.0]));
        assert_ne!(sets.number(1, &[0.0]), sets.number(2, &[0.0]));
        let all = (0..300).map(|at| sets.number(3, &[at as f32])).collect::<Vec<_>>();
        assert!(all[200].is_some() && all[299].is_none());
    }
}
