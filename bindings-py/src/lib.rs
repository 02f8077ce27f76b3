//! The native half of the Python package `scorebox`.
//!
//! It turns Python's arrays and Arrow streams into the host's columns and back, and lets go of the
//! interpreter while the module runs. Everything that is a matter of taste in Python (kinds of frames,
//! names, defaults) is in the Python half; everything that is scoring is in the module.

mod arrays;
mod bundle;
mod columns;
mod engine;
mod failure;
mod model;
mod packing;
mod stream;

use pyo3::prelude::*;

/// What `import scorebox._native` gives.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<bundle::NativeBundle>()?;
    module.add_class::<model::NativeModel>()?;
    module.add_class::<stream::Stream>()?;
    module.add_function(wrap_pyfunction!(failure::error_codes, module)?)?;
    module.add_function(wrap_pyfunction!(packing::pack, module)?)?;
    Ok(())
}
