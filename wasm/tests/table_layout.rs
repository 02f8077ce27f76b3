//! The layout of tables that hosts are built against is the core's own.

use scorebox_abi::table as abi;
use scorebox_core::onnx::DType;
use scorebox_core::table::{Kind, layout as core};

#[test]
fn hosts_know_the_cores_layout() {
    assert_eq!((abi::MAGIC, abi::FORMAT), (core::MAGIC, core::FORMAT));
    assert_eq!(
        (abi::HEADER_BYTES, abi::ENTRY_BYTES, abi::ALIGNMENT),
        (core::HEADER_BYTES, core::ENTRY_BYTES, core::ALIGNMENT)
    );
    assert_eq!(
        [abi::header::FORMAT, abi::header::ROWS, abi::header::ENTRIES, abi::header::BYTES],
        [core::header::FORMAT, core::header::ROWS, core::header::ENTRIES, core::header::BYTES]
    );
    let (host, own) = (
        [
            [abi::entry::NAME, abi::entry::NAME_BYTES, abi::entry::KIND, abi::entry::DTYPE, abi::entry::RANK],
            [
                abi::entry::VALIDITY,
                abi::entry::DATA,
                abi::entry::DATA_BYTES,
                abi::entry::TEXT,
                abi::entry::DIMS,
            ],
        ],
        [
            [
                core::entry::NAME,
                core::entry::NAME_BYTES,
                core::entry::KIND,
                core::entry::DTYPE,
                core::entry::RANK,
            ],
            [
                core::entry::VALIDITY,
                core::entry::DATA,
                core::entry::DATA_BYTES,
                core::entry::TEXT,
                core::entry::DIMS,
            ],
        ],
    );
    assert_eq!(host, own);
    let kinds = [
        (abi::kind::TENSOR, Kind::Tensor),
        (abi::kind::ZIPMAP, Kind::ZipMap),
        (abi::kind::KEYS, Kind::Keys),
        (abi::kind::SEQUENCE, Kind::Sequence),
        (abi::kind::NONE, Kind::Nothing),
        (abi::kind::SOME, Kind::Something),
        (abi::kind::MAP, Kind::Map),
    ];
    assert!(kinds.iter().all(|&(number, kind)| number == kind as u8));
    let types = [
        (abi::dtype::F32, DType::F32),
        (abi::dtype::U8, DType::U8),
        (abi::dtype::I8, DType::I8),
        (abi::dtype::U16, DType::U16),
        (abi::dtype::I16, DType::I16),
        (abi::dtype::I32, DType::I32),
        (abi::dtype::I64, DType::I64),
        (abi::dtype::TEXT, DType::Str),
        (abi::dtype::BOOL, DType::Bool),
        (abi::dtype::F16, DType::F16),
        (abi::dtype::F64, DType::F64),
        (abi::dtype::U32, DType::U32),
        (abi::dtype::U64, DType::U64),
    ];
    assert!(types.iter().all(|&(number, dtype)| number == dtype as u8));
}
