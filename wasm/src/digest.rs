use wasm_bindgen::prelude::*;

use crate::convert::{Result, each_piece};

/// Computes a SHA-1 piece by piece.
#[wasm_bindgen]
pub struct Hasher(airwaybill::Hasher);

#[wasm_bindgen]
impl Hasher {
    /// A hasher without content.
    #[wasm_bindgen(constructor)]
    #[allow(clippy::new_without_default, reason = "JavaScript has no Default")]
    pub fn new() -> Self {
        Self(airwaybill::Hasher::new())
    }

    /// Adds the next piece.
    ///
    /// @throws `field_type`
    pub fn update(&mut self, #[wasm_bindgen(unchecked_param_type = "Uint8Array")] piece: &JsValue) -> Result<()> {
        each_piece(piece, |piece| self.0.update(piece))
    }

    /// The SHA-1 of all pieces so far, 40 lower-case hex digits.
    pub fn finish(&self) -> String {
        self.0.clone().finish().to_string()
    }
}

/// The SHA-1 of content in memory, 40 lower-case hex digits.
///
/// @throws `field_type`
#[allow(clippy::missing_errors_doc, reason = "@throws says it, as TypeScript has it")]
#[wasm_bindgen]
pub fn sha1(#[wasm_bindgen(unchecked_param_type = "Uint8Array")] content: &JsValue) -> Result<String> {
    let mut hasher = airwaybill::Hasher::new();
    each_piece(content, |piece| hasher.update(piece))?;
    Ok(hasher.finish().to_string())
}
