//! Failures as JavaScript errors with `code` and `path`, which `ts/error.ts` gives their class. The codes
//! are those of the Rust host.

use js_sys::{Error, JSON, Reflect};
use wasm_bindgen::prelude::*;

/// The module speaks another version of the interface, has imports, or lacks an export.
pub(crate) const MODULE_ABI: &str = "module_abi";
/// The module trapped: its instance is lost, and with it what it had loaded.
pub(crate) const TRAP: &str = "trap";
/// The module has no memory for the request.
pub(crate) const MEMORY: &str = "memory";

/// An error with a code of this host.
pub(crate) fn failure(code: &str, path: &str, message: &str) -> JsValue {
    let error = Error::new(message);
    annotate(&error, code, path);
    error.into()
}

/// The error that the module left as its result: `{"code", "path", "message"}`.
pub(crate) fn from_guest(json: &str) -> JsValue {
    let Ok(parsed) = JSON::parse(json) else {
        return failure(TRAP, "", "the module failed and left no readable error");
    };
    let field = |name: &str| {
        Reflect::get(&parsed, &name.into()).ok().and_then(|value| value.as_string()).unwrap_or_default()
    };
    failure(&field("code"), &field("path"), &field("message"))
}

/// What JavaScript threw, under a code of this host. The text of a trap names no values.
pub(crate) fn caught(code: &str, what: &str, thrown: &JsValue) -> JsValue {
    let reason = Reflect::get(thrown, &"message".into()).ok().and_then(|value| value.as_string());
    failure(code, "", &format!("{what}: {}", reason.as_deref().unwrap_or("unknown reason")))
}

fn annotate(error: &Error, code: &str, path: &str) {
    // Setting a property of an object that we just made cannot fail.
    let _ = Reflect::set(error, &"code".into(), &code.into());
    let _ = Reflect::set(error, &"path".into(), &path.into());
}
