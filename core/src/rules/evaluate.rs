//! Runs a verified program over columns, a chunk of rows at a time. Each instruction first asks the
//! typed kernels for its whole column; what they do not cover goes row by row through `apply`.

use super::apply;
use super::column::{Column, Data, NULL, VALUE};
use super::fault::Fault;
use super::kernels;
use super::loops;
use super::meter::{ITEM, Meter};
use super::op::Op;
use super::program::{Instruction, Program};
use super::register::{Builder, Cells, Register, View, is_blank, widen};
use super::types::Type;
use super::value::Value;
use super::verify::GENERAL_ROWS;
use crate::error::{Error, ErrorCode};

/// The rows that a block runs over: those of the chunk, or the elements of a loop. `roots` says which
/// row of the chunk pays for an element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Domain<'d> {
    pub(super) rows: usize,
    pub(super) roots: Option<&'d [u32]>,
}

impl Domain<'_> {
    pub(super) fn root(&self, row: usize) -> usize {
        self.roots.map_or(row, |roots| roots.get(row).map_or(usize::MAX, |root| *root as usize))
    }
}

impl Program {
    /// Evaluates all rows. `columns` are those of [`Program::inputs`], in that order, each of at least
    /// `rows` rows. A row that cannot be computed is a null or a [`Fault`] in the result.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] when the columns are not those that the program asks for.
    pub fn evaluate(&self, columns: &[&Column], rows: usize) -> crate::Result<Column> {
        self.check_columns(columns, rows)?;
        let mut all = Joined::default();
        let chunk_rows = self.chunk_of(columns);
        let mut start = 0;
        while start < rows {
            let chunk = chunk_rows.min(rows - start);
            let given = columns.iter().map(|column| Some(Register::Lent { column, start })).collect();
            let mut meter = Meter::new(chunk);
            let domain = Domain { rows: chunk, roots: None };
            let result = self.run_block(0, given, domain, &mut meter).into_iter().next();
            let result = result.unwrap_or(Register::Constant(&Value::Null));
            all.append(&result.view(chunk), domain, &meter);
            start += chunk;
        }
        Ok(all.finish())
    }

    /// Evaluates over the records of lists. `owners` says per record which of `rows` rows it belongs to: its
    /// cost is that row's, and where the row is over its budget all its records have no value.
    ///
    /// # Errors
    /// As [`Program::evaluate`].
    pub fn evaluate_records(
        &self,
        columns: &[&Column],
        owners: &[u32],
        rows: usize,
    ) -> crate::Result<Column> {
        let records = owners.len();
        self.check_columns(columns, records)?;
        let mut all = Joined::default();
        let mut meter = Meter::new(rows);
        for (at, roots) in owners.chunks(self.chunk_of(columns)).enumerate() {
            let start = at * self.chunk_of(columns);
            let given = columns.iter().map(|column| Some(Register::Lent { column, start })).collect();
            let domain = Domain { rows: roots.len(), roots: Some(roots) };
            let result = self.run_block(0, given, domain, &mut meter).into_iter().next();
            let result = result.unwrap_or(Register::Constant(&Value::Null));
            all.append(&result.view(roots.len()), domain, &meter);
        }
        let mut column = all.finish();
        if meter.is_any_over() {
            // Records before the one that went over it were told apart from it only by their order.
            let over = |(record, owner): (usize, &u32)| meter.is_over(*owner as usize).then_some(record);
            let over: Vec<usize> = owners.iter().enumerate().filter_map(over).collect();
            column.set_faults(&over, Fault::Budget);
        }
        Ok(column)
    }

    /// Rows that are evaluated together over these columns.
    fn chunk_of(&self, columns: &[&Column]) -> usize {
        // A column of any values may hold texts where numbers are declared.
        let is_loose = columns.iter().any(|column| matches!(column.data(), Data::Any(_) | Data::Records(_)));
        if is_loose { self.chunk_rows.min(GENERAL_ROWS) } else { self.chunk_rows }
    }

    fn check_columns(&self, columns: &[&Column], rows: usize) -> crate::Result<()> {
        if columns.len() != self.inputs().len() {
            let message = format!("{} columns for {} inputs of a rule", columns.len(), self.inputs().len());
            return Err(Error::new(ErrorCode::Internal, message));
        }
        for (column, input) in columns.iter().zip(self.inputs()) {
            let fits = match (column.data(), &input.ty) {
                (Data::Any(_), _) | (_, Type::Dyn) => true,
                (Data::Bool(_), ty) => *ty == Type::Bool,
                (Data::Int(_), ty) => *ty == Type::Int,
                (Data::Double(_), ty) => *ty == Type::Double,
                (Data::Text(_), ty) => *ty == Type::String,
                (Data::Timestamp(_), ty) => *ty == Type::Timestamp,
                (Data::Records(_), ty) => matches!(ty, Type::List(_)),
            };
            if !fits || column.len() < rows {
                let message = format!("the column for {:?} is short or no {}", input.name, input.ty);
                return Err(Error::new(ErrorCode::Internal, message));
            }
        }
        Ok(())
    }

    /// Runs a block; gives the registers that it gives.
    pub(super) fn run_block<'a>(
        &'a self,
        index: usize,
        mut registers: Vec<Option<Register<'a>>>,
        domain: Domain<'_>,
        meter: &mut Meter,
    ) -> Vec<Register<'a>> {
        let (Some(block), Some(releases)) = (self.code.blocks.get(index), self.releases.get(index)) else {
            return Vec::new();
        };
        for (instruction, released) in block.code.iter().zip(releases) {
            let made = match instruction {
                Instruction::Constant(number) => self
                    .constants
                    .get(usize::from(*number))
                    .map_or(Register::Constant(&Value::Null), Register::Constant),
                Instruction::Call(op, args) => Register::Made(call(*op, args, &registers, domain, meter)),
                Instruction::Loop(kind, range, body) => {
                    Register::Made(loops::run(self, *kind, *range, *body, &registers, domain, meter))
                }
            };
            registers.push(Some(made));
            for register in released {
                if let Some(slot) = registers.get_mut(usize::from(*register)) {
                    *slot = None;
                }
            }
        }
        let give = |register: &u16| registers.get_mut(usize::from(*register)).and_then(Option::take);
        block.gives.iter().map(give).map(|given| given.unwrap_or(Register::Constant(&Value::Null))).collect()
    }
}

/// The view of a register; null for one that is not there, which the verifier rules out.
pub(super) fn view<'v>(registers: &'v [Option<Register<'_>>], register: u16, rows: usize) -> View<'v> {
    match registers.get(usize::from(register)) {
        Some(Some(register)) => register.view(rows),
        _ => View { cells: Cells::One(&Value::Null), states: None },
    }
}

fn call(
    op: Op,
    args: &[u16],
    registers: &[Option<Register<'_>>],
    domain: Domain<'_>,
    meter: &mut Meter,
) -> Column {
    let rows = domain.rows;
    let views: Vec<View<'_>> = args.iter().map(|register| view(registers, *register, rows)).collect();
    if let Some(column) = kernels::run(op, &views, rows) {
        return column;
    }
    let mut cells = Builder::new(rows);
    let mut values = Vec::with_capacity(views.len());
    for row in 0..rows {
        cells.push(call_row(op, &views, row, domain.root(row), &mut values, meter));
    }
    cells.finish()
}

fn call_row(
    op: Op,
    views: &[View<'_>],
    row: usize,
    root: usize,
    values: &mut Vec<Value>,
    meter: &mut Meter,
) -> Result<Value, Fault> {
    match (op, views) {
        (Op::And | Op::Or, [a, b]) => return apply::logic::join(op == Op::Or, a.get(row), b.get(row)),
        (Op::Choose, [condition, then, other]) => {
            return match condition.get(row)? {
                Value::Bool(true) => then.get(row),
                Value::Bool(false) => other.get(row),
                Value::Null => Err(Fault::Null),
                _ => Err(Fault::Overload),
            };
        }
        _ => {}
    }
    values.clear();
    let mut units = ITEM;
    for view in views {
        let value = view.get(row)?;
        units += value.weight();
        values.push(value);
    }
    meter.charge(root, units)?;
    let made = apply::call(op, values)?;
    meter.charge(root, made.weight())?;
    Ok(made)
}

/// The chunks' results, one after another.
#[derive(Debug, Default)]
struct Joined {
    data: Option<Data>,
    states: Vec<u8>,
    has_states: bool,
}

impl Joined {
    fn append(&mut self, chunk: &View<'_>, domain: Domain<'_>, meter: &Meter) {
        let rows = domain.rows;
        let before = self.states.len();
        let is_typed = !matches!(chunk.cells, Cells::Any(_) | Cells::One(_));
        if is_typed && chunk.states.is_none() && !meter.is_any_over() {
            self.states.resize(before + rows, VALUE);
        } else {
            self.append_states(chunk, domain, meter);
        }
        let blank = |data: &Data| matches!(data, Data::Any(cells) if cells.iter().all(is_blank));
        match (&mut self.data, chunk.cells) {
            (Some(Data::Bool(all)), Cells::Bool(cells)) => all.extend_from_slice(cells),
            (Some(Data::Int(all)), Cells::Int(cells)) => all.extend_from_slice(cells),
            (Some(Data::Double(all)), Cells::Double(cells)) => all.extend_from_slice(cells),
            (None, Cells::Bool(cells)) if before == 0 => self.data = Some(Data::Bool(cells.to_vec())),
            (None, Cells::Int(cells)) if before == 0 => self.data = Some(Data::Int(cells.to_vec())),
            (None, Cells::Double(cells)) if before == 0 => self.data = Some(Data::Double(cells.to_vec())),
            (data, _) => {
                let mut all = data.take().map_or_else(|| vec![Value::Null; before], |data| widen(&data));
                all.extend((0..rows).map(|row| chunk.get(row).unwrap_or(Value::Null)));
                let all = Data::Any(all);
                self.data = if blank(&all) { None } else { Some(all) };
            }
        }
    }

    fn append_states(&mut self, chunk: &View<'_>, domain: Domain<'_>, meter: &Meter) {
        for row in 0..domain.rows {
            let state = if meter.is_over(domain.root(row)) { Fault::Budget as u8 } else { chunk.state(row) };
            let state = match chunk.cells {
                Cells::Any(cells) if state == VALUE && cells.get(row).is_none_or(is_blank) => NULL,
                Cells::One(Value::Null) if state == VALUE => NULL,
                _ => state,
            };
            self.has_states |= state != VALUE;
            self.states.push(state);
        }
    }

    fn finish(self) -> Column {
        let rows = self.states.len();
        let data = self.data.unwrap_or_else(|| Data::Any(vec![Value::Null; rows]));
        Column::with_states(data, self.has_states.then_some(self.states))
    }
}
