use wasm_bindgen::prelude::*;

use crate::convert::{Result, each_piece, optional_text, wrong_type};

/// Computes a SHA-1, or a SHA-256, piece by piece.
#[wasm_bindgen]
pub struct Hasher(State);

enum State {
    Sha1(airwaybill::Hasher),
    Sha256(airwaybill::Sha256Hasher),
}

#[wasm_bindgen]
impl Hasher {
    /// A hasher without content; of SHA-1 unless it is said.
    ///
    /// @throws `field_type`
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_optional_param_type = "\"sha1\" | \"sha256\" | null")] algorithm: &JsValue,
    ) -> Result<Hasher> {
        match optional_text(algorithm, "algorithm")?.as_deref() {
            None | Some("sha1") => Ok(Self(State::Sha1(airwaybill::Hasher::new()))),
            Some("sha256") => Ok(Self(State::Sha256(airwaybill::Sha256Hasher::default()))),
            Some(other) => Err(wrong_type("algorithm", format_args!("expected sha1 or sha256, found {other}"))),
        }
    }

    /// Adds the next piece.
    ///
    /// @throws `field_type`
    pub fn update(&mut self, #[wasm_bindgen(unchecked_param_type = "Uint8Array")] piece: &JsValue) -> Result<()> {
        each_piece(piece, |piece| match &mut self.0 {
            State::Sha1(hasher) => hasher.update(piece),
            State::Sha256(hasher) => hasher.update(piece),
        })
    }

    /// The digest of all pieces so far, in lower-case hex digits: 40 of a SHA-1, 64 of a SHA-256.
    pub fn finish(&self) -> String {
        match &self.0 {
            State::Sha1(hasher) => hasher.clone().finish().to_string(),
            State::Sha256(hasher) => hasher.clone().finish().to_string(),
        }
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
