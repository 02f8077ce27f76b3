//! Hit policies: which of the rows that hold give a table's result, and what aggregates make of them.
//!
//! The meaning is that of DMN 1.5, 8.2.10 ("Hit policy") and 8.2.11 ("Default output values"): `unique`
//! takes no second hit, `any` no second opinion, `priority` and `output_order` go by the outputs' lists of
//! values, from the first output that has one to the last.

use super::table::TableResult;
use crate::manifest::{Aggregate, TableHitPolicy};
use crate::rules::Value;

/// The rows that give the result.
pub(super) struct Hit {
    pub(super) result: TableResult,
    pub(super) fired: Vec<usize>,
}

/// Chooses among the rows that hold, given in the order of the table. `ranks` are a row's ranks by output,
/// the smallest first; `agree` says whether two rows give the same.
pub(super) fn choose<'r>(
    policy: TableHitPolicy,
    matched: &[usize],
    ranks: impl Fn(usize) -> &'r [usize],
    agree: impl Fn(usize, usize) -> bool,
) -> Hit {
    let Some(&first) = matched.first() else {
        return Hit { result: TableResult::NoHit, fired: Vec::new() };
    };
    let hit = |fired: Vec<usize>| Hit { result: TableResult::Hit, fired };
    let refused = |result| Hit { result, fired: Vec::new() };
    match policy {
        TableHitPolicy::Unique if matched.len() > 1 => refused(TableResult::Overlap),
        TableHitPolicy::Any if !matched.iter().all(|&other| other == first || agree(first, other)) => {
            refused(TableResult::Conflict)
        }
        TableHitPolicy::Unique | TableHitPolicy::Any | TableHitPolicy::First => hit(vec![first]),
        TableHitPolicy::Priority => {
            // Of equal ranks the first row wins: `min_by_key` keeps the first of equals.
            let best = matched.iter().copied().min_by_key(|&row| ranks(row));
            hit(best.into_iter().collect())
        }
        TableHitPolicy::Collect | TableHitPolicy::RuleOrder => hit(matched.to_vec()),
        TableHitPolicy::OutputOrder => {
            let mut ordered = matched.to_vec();
            ordered.sort_by_key(|&row| ranks(row));
            hit(ordered)
        }
    }
}

/// What an aggregate makes of the values of all rows that hold: null for the sum, least or greatest of
/// none, and for a sum of whole numbers past 64 bits.
pub(super) fn aggregate(aggregate: Aggregate, values: &[Value]) -> Value {
    if aggregate == Aggregate::Count {
        return i64::try_from(values.len()).map_or(Value::Null, Value::Int);
    }
    if values.is_empty() {
        return Value::Null;
    }
    let whole: Option<Vec<i64>> = values
        .iter()
        .map(|value| if let Value::Int(number) = value { Some(*number) } else { None })
        .collect();
    if let Some(whole) = whole {
        let number = match aggregate {
            Aggregate::Sum => whole.iter().try_fold(0_i64, |sum, number| sum.checked_add(*number)),
            Aggregate::Min => whole.into_iter().min(),
            _ => whole.into_iter().max(),
        };
        return number.map_or(Value::Null, Value::Int);
    }
    let number = |value: &Value| match value {
        Value::Double(number) => Some(*number),
        Value::Int(number) => Some(*number as f64),
        _ => None,
    };
    let Some(numbers) = values.iter().map(number).collect::<Option<Vec<f64>>>() else { return Value::Null };
    let result = match aggregate {
        Aggregate::Sum => numbers.iter().sum(),
        Aggregate::Min => numbers.iter().copied().fold(f64::INFINITY, f64::min),
        _ => numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    };
    if result.is_finite() { Value::Double(result) } else { Value::Null }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn fired(policy: TableHitPolicy, matched: &[usize], outputs: &[&[usize]]) -> (TableResult, Vec<usize>) {
        let Hit { result, fired } =
            choose(policy, matched, |row| outputs[row], |a, b| outputs[a] == outputs[b]);
        (result, fired)
    }

    #[test]
    fn each_policy_takes_its_rows() {
        // Rows by the ranks of their two outputs.
        let rows: &[&[usize]] = &[&[1, 0], &[0, 1], &[1, 0], &[0, 0]];
        let all = [0, 1, 2, 3];
        for (policy, matched, result, expected) in [
            (TableHitPolicy::Unique, &all[..0], TableResult::NoHit, vec![]),
            (TableHitPolicy::Unique, &[2], TableResult::Hit, vec![2]),
            (TableHitPolicy::Unique, &[0, 2], TableResult::Overlap, vec![]),
            (TableHitPolicy::Any, &[0, 2], TableResult::Hit, vec![0]),
            (TableHitPolicy::Any, &[0, 1, 2], TableResult::Conflict, vec![]),
            (TableHitPolicy::First, &[1, 2, 3], TableResult::Hit, vec![1]),
            (TableHitPolicy::Priority, &all, TableResult::Hit, vec![3]),
            (TableHitPolicy::Priority, &[0, 2], TableResult::Hit, vec![0]),
            (TableHitPolicy::Collect, &all, TableResult::Hit, vec![0, 1, 2, 3]),
            (TableHitPolicy::RuleOrder, &[1, 3], TableResult::Hit, vec![1, 3]),
            (TableHitPolicy::OutputOrder, &all, TableResult::Hit, vec![3, 1, 0, 2]),
        ] {
            assert_eq!(fired(policy, matched, rows), (result, expected), "{policy:?} {matched:?}");
        }
    }

    #[test]
    fn aggregates_stay_exact_or_give_nothing() {
        let ints = |numbers: &[i64]| numbers.iter().copied().map(Value::Int).collect::<Vec<_>>();
        let of = |kind, values: &[Value]| format!("{:?}", aggregate(kind, values));
        assert_eq!(of(Aggregate::Sum, &ints(&[1, 2, 3])), "Int(6)");
        assert_eq!(of(Aggregate::Sum, &ints(&[i64::MAX, 1])), "Null");
        assert_eq!(of(Aggregate::Min, &ints(&[4, -2])), "Int(-2)");
        assert_eq!(of(Aggregate::Max, &[Value::Double(0.5), Value::Int(2)]), "Double(2.0)");
        assert_eq!(of(Aggregate::Sum, &[Value::Double(f64::MAX), Value::Double(f64::MAX)]), "Null");
        assert_eq!(of(Aggregate::Sum, &[Value::Double(0.1), Value::Null]), "Null");
        assert_eq!(of(Aggregate::Count, &ints(&[7, 7])), "Int(2)");
        assert_eq!(of(Aggregate::Count, &[]), "Int(0)");
        assert_eq!(of(Aggregate::Sum, &[]), "Null");
    }
}
