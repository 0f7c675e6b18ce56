use js_sys::JsString;
use wasm_bindgen::prelude::*;

use crate::convert::{Result, engine_error, octets, text};

/// A file's path on a device: relative, `/`-separated, checked and never normalised.
#[wasm_bindgen]
pub struct DevicePath(airwaybill::DevicePath);

#[wasm_bindgen]
impl DevicePath {
    /// Checks a path, given as text or as the bytes of a file name.
    ///
    /// @throws `path_empty`, `path_too_long`, `path_absolute`, `path_backslash`, `path_control`, `path_segment`,
    /// `path_segment_too_long`, `path_utf8`, `field_type`
    #[wasm_bindgen(constructor)]
    pub fn new(#[wasm_bindgen(unchecked_param_type = "string | Uint8Array")] path: &JsValue) -> Result<DevicePath> {
        let path = match octets(path) {
            Some(octets) => airwaybill::DevicePath::from_bytes(&octets),
            None => match path.dyn_ref().and_then(ill_formed) {
                Some(octets) => airwaybill::DevicePath::from_bytes(&octets),
                None => airwaybill::DevicePath::new(&text(path, "path")?),
            },
        };
        path.map(Self).map_err(engine_error)
    }

    /// The path as it was given.
    #[wasm_bindgen(js_name = toString)]
    pub fn text(&self) -> String {
        self.0.to_string()
    }

    /// The path as it was given.
    #[wasm_bindgen(js_name = toJSON)]
    pub fn to_json(&self) -> String {
        self.0.to_string()
    }
}

/// Whether a path from the top directory is that of a waybill, of keys or of a signature, or of the directory with the keys,
/// `keys/`.
///
/// @throws `field_type`
#[allow(clippy::missing_errors_doc, reason = "@throws says it, as TypeScript has it")]
#[wasm_bindgen(js_name = isDocument)]
pub fn is_document(#[wasm_bindgen(unchecked_param_type = "string")] path: &JsValue) -> Result<bool> {
    Ok(airwaybill::is_document(&text(path, "path")?))
}

/// Whether a path from the top directory is that of a patch: what `Catalog.fromListing` takes as `patches`.
///
/// @throws `field_type`
#[allow(clippy::missing_errors_doc, reason = "@throws says it, as TypeScript has it")]
#[wasm_bindgen(js_name = isPatch)]
pub fn is_patch(#[wasm_bindgen(unchecked_param_type = "string")] path: &JsValue) -> Result<bool> {
    Ok(airwaybill::is_patch(&text(path, "path")?))
}

/// Text with lone surrogates as bytes that are not valid UTF-8 either; `None` for well-formed text.
fn ill_formed(text: &JsString) -> Option<Vec<u8>> {
    if text.is_well_formed() {
        return None;
    }
    let mut octets = Vec::new();
    for unit in char::decode_utf16(text.iter()) {
        match unit {
            Ok(c) => octets.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            Err(_) => octets.push(0xff),
        }
    }
    Some(octets)
}
