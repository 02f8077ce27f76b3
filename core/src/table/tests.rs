#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use proptest::prelude::*;

use super::layout::{ENTRY_BYTES, HEADER_BYTES, entry};
use super::{Writer, read, read_values, write_values};
use crate::ErrorCode;
use crate::onnx::{DType, Data, Keys, Shape, Strings, Tensor, Value};

fn texts(list: &[&str]) -> Strings {
    list.iter().copied().collect()
}

fn sample() -> Vec<(&'static str, Value)> {
    let matrix = Tensor::new(Shape::matrix(2, 3), Data::F32(vec![1.0, -0.0, 3.5, f32::MIN, 5.0, 6.0]));
    let table = Tensor::new(Shape::matrix(1, 2), Data::F32(vec![0.25, 0.75])).unwrap();
    let words = Tensor::new(Shape::matrix(1, 3), Data::Str(texts(&["", "naïve", "信用"]))).unwrap();
    vec![
        ("matrix", Value::Tensor(matrix.unwrap())),
        ("scalar", Value::Tensor(Tensor::scalar(7_i64))),
        ("none", Value::Tensor(Tensor::vector::<f64>(vec![]))),
        ("truths", Value::Tensor(Tensor::vector(vec![true, false, true]))),
        ("words", Value::Tensor(words)),
        ("by label", Value::ZipMap(Arc::new(Keys::Ints(vec![0, 1])), table.clone())),
        ("by name", Value::ZipMap(Arc::new(Keys::Texts(texts(&["no", "yes"]))), table)),
        ("list", Value::Sequence(vec![Value::Tensor(Tensor::scalar(1_u8)), Value::Optional(None)])),
        ("maybe", Value::Optional(Some(Box::new(Value::Tensor(Tensor::vector(vec![half::f16::ONE])))))),
        ("record", Value::Map(Tensor::vector(vec![3_i64, 4]), Tensor::vector(vec![0.5_f32, 1.5]))),
    ]
}

fn written(values: &[(&str, Value)]) -> Vec<u8> {
    let feeds: Vec<(&str, &Value)> = values.iter().map(|(name, value)| (*name, value)).collect();
    let mut out = vec![1, 2, 3];
    write_values(feeds, &mut Writer::default(), &mut out).unwrap();
    out
}

#[test]
fn values_come_back_as_they_went() {
    let values = sample();
    let bytes = written(&values);
    let back = read_values(&read(&bytes).unwrap()).unwrap();
    assert_eq!(back.len(), values.len());
    for ((name, value), (expected_name, expected)) in back.iter().zip(&values) {
        assert_eq!((name.as_str(), value), (*expected_name, expected));
    }
}

#[test]
fn values_of_an_earlier_table_give_their_buffers_and_nothing_else() {
    let mut values = sample();
    let mut back = Vec::new();
    for _ in 0..4 {
        let bytes = written(&values);
        super::read_values_into(&read(&bytes).unwrap(), &mut back).unwrap();
        assert_eq!(back.len(), values.len());
        for ((name, value), (expected_name, expected)) in back.iter().zip(&values) {
            assert_eq!((name.as_str(), value), (*expected_name, expected));
        }
        values.rotate_left(3);
        values.pop();
    }
}

#[test]
fn columns_keep_what_is_missing() {
    let mut writer = Writer::default();
    for rows in [3_usize, 0, 20] {
        writer.clear();
        let numbers: Vec<f64> = (0..rows).map(|at| at as f64).collect();
        let present: Vec<bool> = (0..rows).map(|at| at % 3 != 1).collect();
        writer.column("amount", &numbers, Some(&present));
        writer.texts("grade", (0..rows).map(|at| if at % 2 == 0 { "A" } else { "BB" }), None);
        let mut bytes = Vec::new();
        writer.finish(rows, &mut bytes).unwrap();
        assert!(bytes.len().is_multiple_of(16));
        let table = read(&bytes).unwrap();
        assert_eq!(table.rows(), rows);
        let [amount, grade] = table.entries() else { panic!("two entries") };
        assert_eq!((amount.name(), amount.dtype()), ("amount", DType::F64));
        assert_eq!(amount.elements::<f64>().collect::<Vec<_>>(), numbers);
        assert_eq!(amount.elements::<f32>().count(), 0, "not what the column holds");
        assert_eq!((0..rows).map(|at| amount.is_present(at)).collect::<Vec<_>>(), present);
        assert!((0..rows).all(|at| grade.text(at) == if at % 2 == 0 { "A" } else { "BB" }));
        assert_eq!(grade.text(rows), "");
    }
}

fn refused(bytes: &[u8], says: &str) {
    let error = read(bytes).unwrap_err();
    assert_eq!(error.code(), ErrorCode::RecordMalformed);
    assert!(error.to_string().contains(says), "{error}");
}

/// Changes one word of entry 0 of a table of one text column.
fn with_word(field: usize, change: impl Fn(u32) -> u32) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.texts("name", ["信用", "b"].into_iter(), None);
    let mut bytes = Vec::new();
    writer.finish(2, &mut bytes).unwrap();
    let at = HEADER_BYTES + field;
    let word = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    bytes[at..at + 4].copy_from_slice(&change(word).to_le_bytes());
    bytes
}

#[test]
fn says_what_is_wrong() {
    let good = written(&sample());
    refused(&good[..20], "shorter than its header");
    refused(&good[..good.len() - 16], "another length");
    refused(&[&b"ABCD"[..], &good[4..]].concat(), "SBXT");
    let mut many = good;
    many[12..16].copy_from_slice(&u32::MAX.to_le_bytes());
    refused(&many, "list of entries");

    refused(&with_word(entry::NAME, |_| u32::MAX), "past the end");
    refused(&with_word(entry::NAME, |_| HEADER_BYTES as u32 + ENTRY_BYTES as u32 + 17), "not UTF-8");
    refused(&with_word(entry::NAME_BYTES, |_| 1 << 30), "past the end");
    refused(&with_word(entry::KIND, |word| word | 9), "kind must be");
    refused(&with_word(entry::KIND, |word| word | 0xf000), "element type");
    refused(&with_word(entry::KIND, |word| word | 0x0f_0000), "rank");
    refused(&with_word(entry::DIMS, |_| u32::MAX), "past the end");
    refused(&with_word(entry::DIMS, |_| 1), "last position");
    refused(&with_word(entry::DATA, |at| at + 8), "multiple of 16");
    refused(&with_word(entry::DATA_BYTES, |len| len - 1), "positions of text must");
    refused(&with_word(entry::VALIDITY, |_| 0xffff_fff0), "past the end");
    refused(&with_word(entry::TEXT, |_| 0), "positions of text must ascend");
    // Positions read as float: three words of data where two elements are expected.
    refused(&with_word(entry::KIND, |word| word & 0xffff_00ff | 0x0100), "elements of type float");
}

#[test]
fn entries_may_not_share_bytes() {
    // Otherwise a small table of many entries that all name one long text takes forever to check.
    let mut writer = Writer::default();
    let long = "x".repeat(4_000);
    writer.texts("a", [long.as_str()].into_iter(), None);
    writer.texts("b", ["y"].into_iter(), None);
    let mut bytes = Vec::new();
    writer.finish(1, &mut bytes).unwrap();
    read(&bytes).unwrap();
    let (first, second) = (HEADER_BYTES, HEADER_BYTES + ENTRY_BYTES);
    let word = |bytes: &[u8], at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let (data, positions) = (word(&bytes, first + entry::DATA), word(&bytes, second + entry::TEXT));
    for (at, number) in
        [(second + entry::DATA, data), (second + entry::DATA_BYTES, 4_000), (positions + 4, 4_000)]
    {
        bytes[at..at + 4].copy_from_slice(&(number as u32).to_le_bytes());
    }
    refused(&bytes, "share bytes");
}

#[test]
fn parts_of_a_value_must_be_there() {
    let alone = |value: Value, keep: usize| {
        let mut bytes = written(&[("v", value)]);
        bytes[12..16].copy_from_slice(&(keep as u32).to_le_bytes());
        read_values(&read(&bytes).unwrap()).unwrap_err()
    };
    for (_, value) in sample().into_iter().skip(5).filter(|(name, _)| *name != "maybe") {
        let error = alone(value, 1);
        assert_eq!(error.code(), ErrorCode::RecordMalformed, "{error}");
    }
    let mut deep = Value::Optional(None);
    for _ in 0..2_000 {
        deep = Value::Optional(Some(Box::new(deep)));
    }
    let bytes = written(&[("deep", deep)]);
    let error = read_values(&read(&bytes).unwrap()).unwrap_err();
    assert!(error.message().contains("nest"), "{error}");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(changes in prop::collection::vec((0_usize..1_200, any::<u8>()), 1..12), cut in 0_usize..200) {
        let mut bytes = written(&sample());
        for (at, byte) in changes {
            let len = bytes.len();
            bytes[at % len] = byte;
        }
        bytes.truncate(bytes.len() - cut);
        let total = bytes.len() as u64;
        bytes[16..24].copy_from_slice(&total.to_le_bytes());
        if let Ok(table) = read(&bytes) {
            let _ = read_values(&table);
        }
    }
}

#[test]
fn every_nan_leaves_with_the_same_bits() {
    let mut out = Vec::new();
    let doubles = vec![f64::from_bits(0xfff8_0000_0000_0001), f64::NAN, -0.0, f64::INFINITY];
    let floats = vec![f32::from_bits(0xffc0_dead), f32::NAN, -0.0];
    let halves = vec![half::f16::from_bits(0xfe01), half::f16::NEG_ONE];
    let values = [
        ("d", Value::Tensor(Tensor::vector(doubles))),
        ("f", Value::Tensor(Tensor::vector(floats))),
        ("h", Value::Tensor(Tensor::vector(halves))),
    ];
    let named: Vec<(&str, &Value)> = values.iter().map(|(name, value)| (*name, value)).collect();
    write_values(named, &mut Writer::default(), &mut out).unwrap();
    let table = read(&out).unwrap();
    let [d, f, h] = table.entries() else { panic!("three entries") };
    let bits: Vec<u64> = d.elements::<f64>().map(f64::to_bits).collect();
    assert_eq!(bits, [0x7ff8 << 48, 0x7ff8 << 48, 1 << 63, 0x7ff0 << 48]);
    let bits: Vec<u32> = f.elements::<f32>().map(f32::to_bits).collect();
    assert_eq!(bits, [0x7fc0 << 16, 0x7fc0 << 16, 1 << 31]);
    let bits: Vec<u16> = h.elements::<half::f16>().map(half::f16::to_bits).collect();
    assert_eq!(bits, [0x7e00, 0xbc00]);
}
