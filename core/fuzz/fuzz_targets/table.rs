//! Any bytes as a table: reading and turning entries into values gives a value or an error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scorebox_core::table;

fuzz_target!(|bytes: &[u8]| {
    // Tables lie on a multiple of 16 in the module's memory; a copy makes sure of it here.
    let mut block = vec![0u128; bytes.len().div_ceil(16)];
    let aligned: &mut [u8] = {
        // SAFETY: any bytes of a u128 are valid u8s, and u8 has no alignment to keep.
        let (_, middle, _) = unsafe { block.align_to_mut::<u8>() };
        &mut middle[..bytes.len()]
    };
    aligned.copy_from_slice(bytes);
    if let Ok(table) = table::read(aligned) {
        let _ = table::read_values(&table);
    }
});
