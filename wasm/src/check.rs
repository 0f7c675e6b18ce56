use airwaybill::{CheckSettings, Peek};
use wasm_bindgen::prelude::*;

use crate::convert::{Result, engine_error, octets, read, text, to_js, wrong_type};

/// What a check has to know of one file's content, which is in memory as a whole; `path` is from the top directory.
///
/// @throws `field_type`
#[allow(clippy::missing_errors_doc, reason = "@throws says it, as TypeScript has it")]
#[wasm_bindgen(unchecked_return_type = "Peek")]
pub fn peek(
    #[wasm_bindgen(unchecked_param_type = "string")] path: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "Uint8Array")] content: &JsValue,
) -> Result<JsValue> {
    let content = octets(content).ok_or_else(|| wrong_type("content", "expected a Uint8Array"))?;
    to_js(&Peek::of(&text(path, "path")?, &content))
}

/// Judges the settings of a check that stand beside the releases, what `check.toml` says.
///
/// @throws `field_type`, `field_missing`, `size_too_big`, `glob_invalid`
#[allow(clippy::missing_errors_doc, reason = "@throws says it, as TypeScript has it")]
#[wasm_bindgen(js_name = checkSettings)]
pub fn check_settings(#[wasm_bindgen(unchecked_param_type = "CheckSettings")] settings: &JsValue) -> Result<()> {
    read::<CheckSettings>(settings, "")?.validate().map_err(engine_error)
}
