//! Loops over lists and maps, without stepping through elements one by one: the lists of many rows are
//! laid end to end, the body runs over all their elements as over any column, and the results are
//! folded back per row. CEL's folds do not depend on order, so this changes no answer.

use super::column::{Column, VALUE};
use super::evaluate::{Domain, view};
use super::fault::Fault;
use super::meter::{Meter, STEP};
use super::op::LoopKind;
use super::program::{Block, Program};
use super::register::{Builder, Cells, Register, View};
use super::value::{List, Map, Value};

/// Elements that one run of a body takes, unless a single list is longer. Bounds the memory of nested
/// loops.
const GROUP_ELEMENTS: usize = 4_096;
/// Elements of one list or map that a loop takes.
const MAX_ELEMENTS: usize = 65_536;

/// The lists of some neighbouring rows, laid end to end.
#[derive(Default)]
struct Group {
    /// The row that each element belongs to.
    owners: Vec<u32>,
    /// The row of the chunk that pays.
    roots: Vec<u32>,
    /// The loop variables' cells: one or two columns.
    keys: Vec<Value>,
    values: Vec<Value>,
    /// The rows, each with its container and number of elements, or its fault.
    rows: Vec<Result<(Value, usize), Fault>>,
}

/// Runs a loop over a register of lists or maps.
pub(super) fn run<'a>(
    program: &'a Program,
    kind: LoopKind,
    range: u16,
    body: u16,
    registers: &[Option<Register<'a>>],
    domain: Domain<'_>,
    meter: &mut Meter,
) -> Column {
    let ranges = view(registers, range, domain.rows);
    let Some(block) = program.code.blocks.get(usize::from(body)) else { return Builder::new(0).finish() };
    let mut cells = Builder::new(domain.rows);
    let mut group = Group::default();
    for row in 0..domain.rows {
        group.add(row, ranges.get(row), domain, meter, block);
        if group.owners.len() >= GROUP_ELEMENTS || row + 1 == domain.rows {
            let done = std::mem::take(&mut group);
            fold_group(program, kind, body, registers, domain, done, meter, &mut cells);
        }
    }
    cells.finish()
}

impl Group {
    fn add(
        &mut self,
        row: usize,
        range: Result<Value, Fault>,
        domain: Domain<'_>,
        meter: &mut Meter,
        block: &Block,
    ) {
        let cost = (block.code.len() + 1) * STEP;
        let root = domain.root(row);
        let taken = range.and_then(|range| {
            let elements = match &range {
                Value::List(list) => list.items().len(),
                Value::Map(map) => map.entries().len(),
                Value::Null => return Err(Fault::Null),
                _ => return Err(Fault::Overload),
            };
            if elements > MAX_ELEMENTS {
                return Err(Fault::Budget);
            }
            meter.charge(root, elements.saturating_mul(cost))?;
            Ok((range, elements))
        });
        if let Ok((range, elements)) = &taken {
            let number = |row: usize| u32::try_from(row).unwrap_or(u32::MAX);
            self.owners.extend(std::iter::repeat_n(number(row), *elements));
            self.roots.extend(std::iter::repeat_n(number(root), *elements));
            let with_keys = block.variables == 2;
            match range {
                Value::List(list) => {
                    if with_keys {
                        self.keys.extend((0_i64..).take(*elements).map(Value::Int));
                    }
                    self.values.extend_from_slice(list.items());
                }
                Value::Map(map) => {
                    let keys = map.entries().iter().map(|(key, _)| key.clone());
                    if with_keys {
                        self.keys.extend(keys);
                        self.values.extend(map.entries().iter().map(|(_, value)| value.clone()));
                    } else {
                        self.values.extend(keys);
                    }
                }
                _ => {}
            }
        }
        self.rows.push(taken);
    }
}

/// Takes the cells of a register at these rows.
fn gather(register: &View<'_>, rows: &[u32]) -> Column {
    let mut cells = Builder::new(rows.len());
    for row in rows {
        cells.push(register.get(*row as usize));
    }
    cells.finish()
}

fn column_of(values: impl ExactSizeIterator<Item = Value>) -> Column {
    let mut cells = Builder::new(values.len());
    values.for_each(|value| cells.push(Ok(value)));
    cells.finish()
}

#[expect(clippy::too_many_arguments, reason = "the state of one run, used once")]
fn fold_group<'a>(
    program: &'a Program,
    kind: LoopKind,
    body: u16,
    registers: &[Option<Register<'a>>],
    domain: Domain<'_>,
    mut group: Group,
    meter: &mut Meter,
    cells: &mut Builder,
) {
    let Some(block) = program.code.blocks.get(usize::from(body)) else { return };
    let elements = group.owners.len();
    let given = if elements == 0 {
        Vec::new()
    } else {
        let mut inside: Vec<Option<Register<'a>>> =
            Vec::with_capacity(block.captures.len() + block.code.len() + 2);
        for capture in &block.captures {
            inside.push(Some(match registers.get(usize::from(*capture)) {
                Some(Some(Register::Constant(value))) => Register::Constant(value),
                _ => Register::Made(gather(&view(registers, *capture, domain.rows), &group.owners)),
            }));
        }
        if block.variables == 2 {
            inside.push(Some(Register::Made(column_of(std::mem::take(&mut group.keys).into_iter()))));
        }
        inside.push(Some(Register::Made(column_of(std::mem::take(&mut group.values).into_iter()))));
        let inner = Domain { rows: elements, roots: Some(&group.roots) };
        program.run_block(usize::from(body), inside, inner, meter)
    };
    let views: Vec<View<'_>> = given.iter().map(|register| register.view(elements)).collect();
    let mut start = 0;
    for row in &group.rows {
        let folded = row.as_ref().map_err(|fault| *fault).and_then(|(range, count)| {
            let part = start..start + count;
            start += count;
            let root = group.roots.get(part.start).map_or(usize::MAX, |root| *root as usize);
            let folded = fold(kind, &views, range, part.clone())?;
            if !part.is_empty() {
                meter.charge(root, folded.weight())?;
            }
            Ok(folded)
        });
        cells.push(folded);
    }
}

fn truth(view: &View<'_>, at: usize) -> Result<bool, Fault> {
    match view.get(at)? {
        Value::Bool(truth) => Ok(truth),
        Value::Null => Err(Fault::Null),
        _ => Err(Fault::Overload),
    }
}

fn fold(
    kind: LoopKind,
    given: &[View<'_>],
    range: &Value,
    part: std::ops::Range<usize>,
) -> Result<Value, Fault> {
    let blank = View { cells: Cells::One(&Value::Null), states: None };
    let first = given.first().unwrap_or(&blank);
    match kind {
        LoopKind::All | LoopKind::Exists => {
            let absorbing = kind == LoopKind::Exists;
            let mut fault = None;
            for at in part {
                match truth(first, at) {
                    Ok(truth) if truth == absorbing => return Ok(Value::Bool(absorbing)),
                    Ok(_) => {}
                    Err(met) => fault = fault.or(Some(met)),
                }
            }
            fault.map_or(Ok(Value::Bool(!absorbing)), Err)
        }
        LoopKind::ExistsOne => {
            let mut count = 0_usize;
            for at in part {
                count += usize::from(truth(first, at)?);
            }
            Ok(Value::Bool(count == 1))
        }
        LoopKind::Filter => {
            let mut kept = Vec::new();
            for (offset, at) in part.enumerate() {
                if truth(first, at)? {
                    kept.push(element(range, offset, true));
                }
            }
            List::new(kept).map(Value::List)
        }
        LoopKind::List | LoopKind::Map => {
            let (condition, values) = match given {
                [condition, values, ..] => (Some(condition), values),
                _ => (None, first),
            };
            let mut keys = Vec::new();
            let mut kept = Vec::new();
            for (offset, at) in part.enumerate() {
                if condition.map_or(Ok(true), |condition| truth(condition, at))? {
                    kept.push(values.get(at)?);
                    keys.push(element(range, offset, false));
                }
            }
            if kind == LoopKind::List {
                return List::new(kept).map(Value::List);
            }
            Map::new(keys.into_iter().zip(kept).collect()).map(Value::Map)
        }
    }
}

/// The element of a list or key of a map (`item`), or the index or key.
fn element(range: &Value, offset: usize, item: bool) -> Value {
    match range {
        Value::List(list) if item => list.items().get(offset).cloned().unwrap_or(Value::Null),
        Value::Map(map) => map.entries().get(offset).map_or(Value::Null, |(key, _)| key.clone()),
        _ => Value::Int(i64::try_from(offset).unwrap_or(i64::MAX)),
    }
}

const _: () = assert!(VALUE == 0, "a cell without a state byte is a value");
