//! The two modules that this crate carries: their bytes, digests and compiled forms.

use std::sync::Arc;

use scorebox_abi::exports;
use wasmtime::{InstancePre, Linker};

use crate::error::{Error, ErrorCode, Result};
use crate::guest::Budget;

/// One of the two modules. Both give the same bits for what both can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Artefact {
    /// `scorebox.wasm`: scores tabular bundles; what a page ships.
    Tabular,
    /// `scorebox-full.wasm`: the same, plus neural graphs and packing.
    Full,
}

impl Artefact {
    /// The embedded bytes, or `None` for the full module where the crate was built without it.
    #[must_use]
    pub const fn bytes(self) -> Option<&'static [u8]> {
        match self {
            Self::Tabular => Some(include_bytes!(env!("SCOREBOX_TABULAR_PATH"))),
            #[cfg(feature = "full")]
            Self::Full => Some(include_bytes!(env!("SCOREBOX_FULL_PATH"))),
            #[cfg(not(feature = "full"))]
            Self::Full => None,
        }
    }

    /// The sha256 of the embedded bytes, 64 hex digits.
    #[must_use]
    pub const fn sha256(self) -> Option<&'static str> {
        match self {
            Self::Tabular => Some(env!("SCOREBOX_TABULAR_SHA256")),
            #[cfg(feature = "full")]
            Self::Full => Some(env!("SCOREBOX_FULL_SHA256")),
            #[cfg(not(feature = "full"))]
            Self::Full => None,
        }
    }

    /// The file's name.
    #[must_use]
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Tabular => "scorebox.wasm",
            Self::Full => "scorebox-full.wasm",
        }
    }
}

/// A module that is compiled and linked: instances come from it.
pub(crate) struct Compiled {
    pub(crate) instances: InstancePre<Budget>,
    /// The sha256 of its bytes, 64 hex digits.
    pub(crate) digest: Arc<str>,
}

impl Compiled {
    /// Compiles, or takes the compiled form from the cache.
    pub(crate) fn new(engine: &wasmtime::Engine, wasm: &[u8], digest: Arc<str>) -> Result<Self> {
        let module = wasmtime::Module::new(engine, wasm).map_err(|error| setup(&error))?;
        Self::link(engine, &module, digest)
    }

    /// Checks what a compiled module needs and offers, and gets it ready for instances.
    pub(crate) fn link(
        engine: &wasmtime::Engine,
        module: &wasmtime::Module,
        digest: Arc<str>,
    ) -> Result<Self> {
        if let Some(import) = module.imports().next() {
            let name = format!("{}.{}", import.module(), import.name());
            return Err(Error::new(
                ErrorCode::ModuleAbi,
                format!("the module imports {name}; a scorebox module has no imports"),
            ));
        }
        for name in [exports::ABI_VERSION, exports::ALLOC, exports::MEMORY] {
            if module.get_export(name).is_none() {
                return Err(Error::new(ErrorCode::ModuleAbi, format!("the module does not export `{name}`")));
            }
        }
        let instances = Linker::new(engine).instantiate_pre(module).map_err(|error| setup(&error))?;
        Ok(Self { instances, digest })
    }
}

fn setup(error: &wasmtime::Error) -> Error {
    Error::new(ErrorCode::HostSetup, format!("the module cannot be compiled: {error:#}"))
}
