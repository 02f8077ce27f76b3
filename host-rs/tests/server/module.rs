//! A module that speaks the interface and scores nothing: it does what the record's first key says, so
//! that every failure of a call can be brought about at will and in milliseconds.

/// What it says about every bundle.
const ABOUT: &str =
    r#"{"kind":"bundle","name":"scripted","version":"1.2.3","digest":"sha256:00","inputs":[]}"#;

/// What it decides where the key asks for nothing else.
pub(crate) const DECISION: &str =
    r#"{"bundle":"scripted","version":"1.2.3","outcome":"approve","scores":{"points":600}}"#;

const FAILURES: [(char, &str); 3] = [
    ('v', r#"{"code":"run_value","path":"node","message":"no such index"}"#),
    ('m', r#"{"code":"record_malformed","path":"record","message":"not an object"}"#),
    ('s', r#"{"code":"reasons_sum","path":"","message":"withheld"}"#),
];

/// Where the host's blocks begin, and how far apart the two are that it may hold at a time.
const BLOCKS: u32 = 65_536;
const BLOCK: u32 = 1 << 20;

/// The module. Keys: `l` never ends, `t` traps, `g` asks for too much memory, `v`, `m` and `s` fail.
pub(crate) fn scripted() -> Vec<u8> {
    let mut texts = Vec::new();
    let mut end = 1_024;
    let mut place = |text: &str| {
        let start = end;
        end += text.len();
        texts.push(format!("(data (i32.const {start}) {text:?})"));
        format!("(global.set $at (i32.const {start})) (global.set $len (i32.const {}))", text.len())
    };
    let (about, decision) = (place(ABOUT), place(DECISION));
    let failures: String = FAILURES
        .iter()
        .map(|(key, text)| {
            format!(
                "(if (i32.eq (local.get $key) (i32.const {})) (then {} (return (i32.const -1))))",
                *key as u32,
                place(text)
            )
        })
        .collect();
    let texts = texts.concat();
    // `{"record":{"K"`: the first key's first letter is byte 12 of a request.
    let module = format!(
        r#"(module
          (memory (export "memory") 64)
          (global $at (mut i32) (i32.const 0)) (global $len (mut i32) (i32.const 0))
          (global $slot (mut i32) (i32.const 0))
          {texts}
          (func (export "_initialize"))
          (func (export "sbx_abi_version") (result i32) (i32.const 0x10000))
          (func (export "sbx_features") (result i32) (i32.const 0))
          (func (export "sbx_alloc") (param i32) (result i32)
            (if (i32.gt_u (local.get 0) (i32.const {BLOCK})) (then (return (i32.const 0))))
            (global.set $slot (i32.xor (global.get $slot) (i32.const 1)))
            (i32.add (i32.const {BLOCKS}) (i32.mul (global.get $slot) (i32.const {BLOCK}))))
          (func (export "sbx_free") (param i32 i32))
          (func (export "sbx_result_ptr") (result i32) (global.get $at))
          (func (export "sbx_result_len") (result i32) (global.get $len))
          (func (export "sbx_configure") (param i32 i32) (result i32) (i32.const 0))
          (func (export "sbx_load") (param i32 i32) (result i32) (i32.const 1))
          (func (export "sbx_describe") (param i32) (result i32) {about} (i32.const 0))
          (func (export "sbx_score") (param i32 i32 i32) (result i32)
            (local $key i32)
            (local.set $key (i32.load8_u offset=12 (local.get 1)))
            (if (i32.eq (local.get $key) (i32.const {loops})) (then (loop $again (br $again))))
            (if (i32.eq (local.get $key) (i32.const {traps})) (then (unreachable)))
            (if (i32.eq (local.get $key) (i32.const {grows}))
              (then (drop (memory.grow (i32.const 60000))) (unreachable)))
            {failures}
            {decision} (i32.const 0)))"#,
        loops = 'l' as u32,
        traps = 't' as u32,
        grows = 'g' as u32,
    );
    wat::parse_str(module).unwrap()
}
