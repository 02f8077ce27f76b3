//! Prints what each feature contributes to a model's score, for comparison with other tools.
//!
//! Usage: `contributions model.onnx sample.csv rows.csv`, where the files hold numbers without a
//! header, a row per record in the order of the model's one input. The sample says what "not known"
//! means. Each line of output is a row and a score: base value, contributions, margin.

use std::sync::Arc;

use scorebox_core::onnx::{DType, Data, Model, Shape, Tensor, Value, ValueType};
use scorebox_core::reasons::{Contributions, Explainer, Subject};
use scorebox_core::{Error, ErrorCode, Limits};

fn read(path: &str, kind: &ValueType) -> Result<Value, Box<dyn std::error::Error>> {
    let text = std::fs::read_to_string(path)?;
    let mut values = Vec::new();
    for cell in text.lines().flat_map(|line| line.split(',')) {
        values.push(cell.trim().parse::<f64>()?);
    }
    let rows = text.lines().count();
    let shape = Shape::matrix(rows, values.len() / rows.max(1));
    let data = match kind {
        ValueType::Tensor(DType::F64) => Data::F64(values),
        _ => Data::F32(values.into_iter().map(|value| value as f32).collect()),
    };
    let tensor = Tensor::new(shape, data);
    Ok(Value::Tensor(tensor.ok_or_else(|| Error::new(ErrorCode::InputShape, "rows of unequal length"))?))
}

fn width(path: &str) -> Result<usize, Box<dyn std::error::Error>> {
    Ok(std::fs::read_to_string(path)?.lines().next().map_or(0, |line| line.split(',').count()))
}

#[allow(clippy::print_stdout, reason = "a program's output")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, sample, rows] = arguments.as_slice() else {
        return Err("usage: contributions model.onnx sample.csv rows.csv".into());
    };
    let model = Arc::new(Model::load(&std::fs::read(model)?, &Limits::DEFAULT)?);
    let [input] = model.inputs() else { return Err("the model must have one input".into()) };
    let (name, kind) = (input.name.clone(), input.kind.clone());
    let subject = Subject { output: None, widths: vec![Some(width(sample)?)] };
    let mut measure = subject.measure(&model)?;
    measure.add(&[(&*name, &read(sample, &kind)?)])?;
    let mut explainer = Explainer::new(&model, &subject, Some(&measure.finish()?))?;
    let mut found = Contributions::default();
    explainer.contributions(&[(&*name, &read(rows, &kind)?)], &mut found)?;
    for row in 0..found.rows {
        for output in 0..found.outputs {
            let mut cells = vec![explainer.base()[output]];
            cells.extend_from_slice(found.of(row, output));
            cells.push(found.margins[row * found.outputs + output]);
            println!("{}", cells.iter().map(f64::to_string).collect::<Vec<_>>().join(","));
        }
    }
    Ok(())
}
