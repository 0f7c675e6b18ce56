//! What holds for any input, area by area: the bodies of the fuzz targets. Each asserts, and panics where the engine is
//! wrong; an input that is none of its area passes.

mod check;
mod delta;
mod manifest;
mod objects;
mod path;
mod plan;
mod report;
mod verify;
mod version;
mod waybill;

/// A fuzz target: bytes in, assertions within.
pub struct Target {
    /// As `tests/fuzz` names it.
    pub name: &'static str,
    /// Whether its inputs are JSON.
    pub is_json: bool,
    /// Panics where the engine is wrong.
    pub check: fn(&[u8]),
    /// Its inputs from the vectors.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub const TARGETS: [Target; 10] = [
    Target { name: "version", is_json: false, check: version::check, seeds: version::seeds },
    Target { name: "path", is_json: false, check: path::check, seeds: path::seeds },
    Target { name: "manifest", is_json: true, check: manifest::check, seeds: manifest::seeds },
    Target { name: "plan", is_json: true, check: plan::check, seeds: plan::seeds },
    Target { name: "verify", is_json: true, check: verify::check, seeds: verify::seeds },
    Target { name: "check", is_json: true, check: check::check, seeds: check::seeds },
    Target { name: "waybill", is_json: false, check: waybill::check, seeds: waybill::seeds },
    Target { name: "objects", is_json: true, check: objects::check, seeds: objects::seeds },
    Target { name: "delta", is_json: false, check: delta::check, seeds: delta::seeds },
    Target { name: "report", is_json: true, check: report::check, seeds: report::seeds },
];

impl Target {
    /// The one of that name.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[must_use]
    pub fn named(name: &str) -> &'static Self {
        TARGETS.iter().find(|target| target.name == name).unwrap()
    }
}

// M2
fn encoded(path: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    path.bytes().map(|byte| if is_plain(byte) { char::from(byte).into() } else { format!("%{byte:02X}") }).collect()
}
