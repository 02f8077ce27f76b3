//! `&&`, `||` and `?:` on columns.

use super::{Cells, Column, Data, Fault, Lane, NULL, VALUE, View, bools, doubles, ints, map2};

pub(super) fn join(or: bool, a: &View<'_>, b: &View<'_>, rows: usize) -> Option<Column> {
    let (a_lane, b_lane) = (bools(a)?, bools(b)?);
    let both = |a: bool, b: bool| if or { a | b } else { a & b };
    let mut cells = map2(a_lane, b_lane, both)?;
    if a.states.is_none() && b.states.is_none() {
        return Some(Column::new(Data::Bool(cells)));
    }
    let at = |lane: Lane<'_, bool>, row: usize| match lane {
        Lane::Many(cells) => cells.get(row).copied().unwrap_or_default(),
        Lane::One(cell) => cell,
    };
    let mut states = vec![VALUE; rows];
    for (row, (cell, state)) in cells.iter_mut().zip(&mut states).enumerate() {
        let (a_state, b_state) = (a.state(row), b.state(row));
        if a_state == VALUE && b_state == VALUE {
            continue;
        }
        // The absorbing side decides alone; without it the first fault counts, and null is one.
        let decided =
            (a_state == VALUE && at(a_lane, row) == or) || (b_state == VALUE && at(b_lane, row) == or);
        if decided {
            *cell = or;
        } else {
            let first = if a_state == VALUE { b_state } else { a_state };
            *state = first.max(Fault::Null as u8 * u8::from(first == NULL));
        }
    }
    let has_faults = states.iter().any(|state| *state != VALUE);
    Some(Column::with_states(Data::Bool(cells), has_faults.then_some(states)))
}

pub(super) fn choose(condition: &View<'_>, then: &View<'_>, other: &View<'_>) -> Option<Column> {
    let Cells::Bool(picks) = condition.cells else { return None };
    fn pick<T: Copy>(picks: &[bool], a: Lane<'_, T>, b: Lane<'_, T>) -> Option<Vec<T>> {
        let at = |lane: Lane<'_, T>, row: usize| match lane {
            Lane::Many(cells) => cells.get(row).copied(),
            Lane::One(cell) => Some(cell),
        };
        picks.iter().enumerate().map(|(row, pick)| at(if *pick { a } else { b }, row)).collect()
    }
    let data = if let (Some(a), Some(b)) = (doubles(then), doubles(other)) {
        Data::Double(pick(picks, a, b)?)
    } else if let (Some(a), Some(b)) = (ints(then), ints(other)) {
        Data::Int(pick(picks, a, b)?)
    } else if let (Some(a), Some(b)) = (bools(then), bools(other)) {
        Data::Bool(pick(picks, a, b)?)
    } else {
        return None;
    };
    if [condition, then, other].iter().all(|view| view.states.is_none()) {
        return Some(Column::new(data));
    }
    let states = picks.iter().enumerate().map(|(row, pick)| match condition.state(row) {
        VALUE => {
            if *pick {
                then.state(row)
            } else {
                other.state(row)
            }
        }
        NULL => Fault::Null as u8,
        fault => fault,
    });
    Some(Column::with_states(data, Some(states.collect())))
}
