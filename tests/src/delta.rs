//! Patches.

use airwaybill::{apply_patch, make_patch};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Content, Failure};

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Input {
    /// Makes a patch, and applies it.
    Make { old: Content, new: Content },
    /// Applies one.
    Apply { old: Content, patch: Content },
}

pub(crate) fn run(input: &Value) -> Result<Value, Failure> {
    match Input::deserialize(input)? {
        Input::Make { old, new } => {
            let (old, new) = (old.bytes()?, new.bytes()?);
            let patch = make_patch(&old, &new)?;
            let is_right = apply_patch(&old, &patch)? == new;
            Ok(if is_right { json!(to_hex(&patch)) } else { json!("gives another file") })
        }
        Input::Apply { old, patch } => Ok(json!(to_hex(&apply_patch(&old.bytes()?, &patch.bytes()?)?))),
    }
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}
