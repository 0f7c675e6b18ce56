//! The engine as WebAssembly, run by wasmtime with a limit on memory and on fuel.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use serde_json::Value;
use wasmtime::{Config, Engine, Instance, Memory, Module, Result, Store, StoreLimits, StoreLimitsBuilder, TypedFunc};

/// No guest may have more memory.
pub const MEMORY_LIMIT: usize = 256 << 20;

/// The profile that the npm package is built with.
const PROFILE: &str = "wasm";

static MODULE: LazyLock<Module> = LazyLock::new(|| {
    let mut config = Config::new();
    config.consume_fuel(true);
    Module::from_file(&Engine::new(&config).unwrap(), build()).unwrap()
});

/// Builds the guest: a `cargo test` alone is enough, and what it tests is never stale.
fn build() -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--package", "airwaybill-guest", "--profile", PROFILE]);
    cargo.args(["--target", "wasm32-unknown-unknown", "--message-format", "json"]);
    // Fuel is that of the profile, whatever flags the caller has.
    cargo.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    let output = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "the guest does not build");
    let message = |line: &[u8]| serde_json::from_slice(line).unwrap();
    let mut messages = output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(message);
    let artifact = messages.find(|message: &Value| message["target"]["name"] == "airwaybill_guest").unwrap();
    artifact["filenames"][0].as_str().unwrap().into()
}

/// The guest, compiled.
#[must_use]
pub fn module() -> &'static Module {
    &MODULE
}

/// The guest with a memory of its own. After a trap it is of no more use.
pub struct Guest {
    store: Store<StoreLimits>,
    memory: Memory,
    instance: Instance,
    alloc: TypedFunc<u32, u32>,
    free: TypedFunc<(u32, u32), ()>,
    run: TypedFunc<(u32, u32, u32, u32), u64>,
}

impl Guest {
    /// Starts one; it gets no import.
    ///
    /// # Panics
    ///
    /// When the module does not have the exports of `guest/src/lib.rs`.
    #[must_use]
    pub fn new() -> Self {
        let limits = StoreLimitsBuilder::new().memory_size(MEMORY_LIMIT).build();
        let mut store = Store::new(module().engine(), limits);
        store.limiter(|limits| limits);
        let instance = Instance::new(&mut store, module(), &[]).unwrap();
        Self {
            memory: instance.get_memory(&mut store, "memory").unwrap(),
            alloc: instance.get_typed_func(&mut store, "alloc").unwrap(),
            free: instance.get_typed_func(&mut store, "free").unwrap(),
            run: instance.get_typed_func(&mut store, "run").unwrap(),
            instance,
            store,
        }
    }

    /// Runs one input of one area and gives the answer, with no more than `fuel`.
    ///
    /// # Errors
    ///
    /// A trap: a panic, the end of the fuel or of the memory.
    pub fn run(&mut self, area: &[u8], input: &[u8], fuel: u64) -> Result<Vec<u8>> {
        self.store.set_fuel(fuel)?;
        let (area, input) = (self.write(area)?, self.write(input)?);
        let answer = self.run.call(&mut self.store, (area.0, area.1, input.0, input.1))?;
        let answer = (u32::try_from(answer >> 32)?, u32::try_from(answer & u64::from(u32::MAX))?);
        let mut bytes = vec![0; usize::try_from(answer.1)?];
        self.memory.read(&self.store, usize::try_from(answer.0)?, &mut bytes)?;
        for part in [area, input, answer] {
            self.free.call(&mut self.store, part)?;
        }
        Ok(bytes)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(u32, u32)> {
        let size = u32::try_from(bytes.len())?;
        let address = self.alloc.call(&mut self.store, size)?;
        self.memory.write(&mut self.store, usize::try_from(address)?, bytes)?;
        Ok((address, size))
    }

    /// Allocates memory, with at most `fuel`; 0 if there is none.
    ///
    /// # Errors
    ///
    /// A trap.
    pub fn alloc(&mut self, size: u32, fuel: u64) -> Result<u32> {
        self.store.set_fuel(fuel)?;
        self.alloc.call(&mut self.store, size)
    }

    /// The memory that the guest has taken, in bytes.
    #[must_use]
    pub fn memory_size(&self) -> usize {
        self.memory.data_size(&self.store)
    }

    /// Calls an export of `guest/src/meter.rs`; gives its number and the fuel that it took.
    ///
    /// # Errors
    ///
    /// A trap.
    pub fn meter(&mut self, export: &str, files: Option<u32>) -> Result<(u32, u64)> {
        self.store.set_fuel(u64::MAX)?;
        let number = match files {
            Some(files) => {
                self.instance.get_typed_func::<u32, u32>(&mut self.store, export)?.call(&mut self.store, files)?
            }
            None => self.instance.get_typed_func::<(), u32>(&mut self.store, export)?.call(&mut self.store, ())?,
        };
        Ok((number, u64::MAX - self.store.get_fuel()?))
    }
}

impl Default for Guest {
    fn default() -> Self {
        Self::new()
    }
}
