use wasm_bindgen::prelude::*;

use crate::convert::{Result, octets, text, to_js, wrong_type};

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
    to_js(&airwaybill::Peek::of(&text(path, "path")?, &content))
}
