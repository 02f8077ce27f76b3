//! Recurrent cells: directions, and rows that do not touch each other.

use scorebox_core::onnx::{Data, Shape, Tensor, Value};

use super::writer::{
    FLOAT, Message, attribute_int, floats, graph, model, node, numbers, refusal, run, untyped, value,
};

const LENGTH: usize = 5;
const INPUT: usize = 3;
const HIDDEN: usize = 2;

fn weights(name: &str, dims: &[u64]) -> Message {
    let count: u64 = dims.iter().product();
    let values: Vec<f32> = (0..count).map(|at| ((at * 7 + 3) % 11) as f32 / 11.0 - 0.5).collect();
    floats(name, dims, &values)
}

fn cell(operator: &str, gates: u64, direction: &str) -> Message {
    let cell = node(operator, &["X", "W", "R", "B"], &["Y", "H"])
        .with(&attribute_int("hidden_size", HIDDEN as i64))
        .with(&Message::default().text(1, "direction").int(20, 3).text(4, direction));
    let directions = if direction == "bidirectional" { 2 } else { 1 };
    let rows = gates * HIDDEN as u64;
    let inputs = [value("X", FLOAT, &["5", "N", "3"])];
    let all = graph(&[cell], &inputs, &[untyped("Y"), untyped("H")])
        .message(5, &weights("W", &[directions, rows, INPUT as u64]))
        .message(5, &weights("R", &[directions, rows, HIDDEN as u64]))
        .message(5, &weights("B", &[directions, 2 * rows]));
    model(&all)
}

/// Sequences, one per entry of `rows`; each number starts another sequence.
fn sequences(rows: &[usize], backward: bool) -> Value {
    let mut values = Vec::new();
    for time in 0..LENGTH {
        let time = if backward { LENGTH - 1 - time } else { time };
        for row in rows {
            values.extend((0..INPUT).map(|at| ((row * 31 + time * 5 + at * 3) % 13) as f32 / 6.0 - 1.0));
        }
    }
    let shape = Shape::new(&[LENGTH, rows.len(), INPUT]).unwrap();
    Value::Tensor(Tensor::new(shape, Data::F32(values)).unwrap())
}

#[test]
fn a_row_gives_the_same_bits_alone_and_in_a_batch() {
    for (operator, gates) in [("LSTM", 4), ("GRU", 3), ("RNN", 1)] {
        let cell = cell(operator, gates, "forward");
        let batch = numbers(&run(&cell, &[("X", &sequences(&[0, 1, 2], false))]).unwrap()[1]);
        for row in 0..3 {
            let alone = numbers(&run(&cell, &[("X", &sequences(&[row], false))]).unwrap()[1]);
            assert_eq!(alone, batch[row * HIDDEN..(row + 1) * HIDDEN], "{operator}, row {row}");
        }
    }
}

#[test]
fn reverse_is_forward_over_the_reversed_sequence() {
    for (operator, gates) in [("LSTM", 4), ("GRU", 3), ("RNN", 1)] {
        let forward = run(&cell(operator, gates, "forward"), &[("X", &sequences(&[4], true))]).unwrap();
        let reverse = run(&cell(operator, gates, "reverse"), &[("X", &sequences(&[4], false))]).unwrap();
        assert_eq!(numbers(&forward[1]), numbers(&reverse[1]), "{operator}");
        let mut steps: Vec<Vec<f32>> = numbers(&reverse[0]).chunks(HIDDEN).map(<[f32]>::to_vec).collect();
        steps.reverse();
        assert_eq!(numbers(&forward[0]), steps.concat(), "{operator}");
    }
}

#[test]
fn no_rows_give_no_rows() {
    let made = run(&cell("LSTM", 4, "bidirectional"), &[("X", &sequences(&[], false))]).unwrap();
    assert!(numbers(&made[0]).is_empty() && numbers(&made[1]).is_empty());
}

#[test]
fn weights_must_fit() {
    let narrow = run(&cell("GRU", 4, "forward"), &[("X", &sequences(&[0], false))]);
    assert!(narrow.unwrap_err().message().contains("input 1 has shape"));
    assert!(refusal(&cell("RNN", 1, "sideways")).contains("\"sideways\""));
}
