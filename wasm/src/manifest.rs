use std::rc::Rc;

use wasm_bindgen::prelude::*;

use crate::convert::{Result, bytes_of, engine_error, shared, to_js};
use crate::listing::files;

/// The document that tells a device how to update itself.
#[wasm_bindgen]
#[derive(Clone)]
pub struct Manifest(Rc<airwaybill::Manifest>);

impl From<airwaybill::Manifest> for Manifest {
    fn from(manifest: airwaybill::Manifest) -> Self {
        Self(Rc::new(manifest))
    }
}

#[wasm_bindgen]
impl Manifest {
    /// Reads a manifest strictly: unknown fields are ignored; everything else must be present and valid.
    ///
    /// @throws `json_invalid`; or, with the field in the message, `field_missing`, `field_type`, `digest_invalid`,
    /// `url_invalid`, `size_too_big`, `path_…`, `version_…`
    pub fn parse(#[wasm_bindgen(unchecked_param_type = "string | Uint8Array")] document: &JsValue) -> Result<Manifest> {
        let document = bytes_of(document, "document")?;
        airwaybill::Manifest::parse(&document).map(Self::from).map_err(engine_error)
    }

    /// Used by the engine to read a manifest that was passed as an argument.
    #[wasm_bindgen(skip_typescript)]
    pub fn share(&self) -> Manifest {
        self.clone()
    }

    /// The document's text: keys sorted, four spaces.
    #[wasm_bindgen(js_name = toJson)]
    pub fn to_json(&self) -> String {
        self.0.to_json()
    }

    /// The document as a plain object.
    #[wasm_bindgen(js_name = toObject, unchecked_return_type = "ManifestDocument")]
    pub fn to_object(&self) -> Result<JsValue> {
        to_js(&*self.0)
    }
}

/// Checks that the file of every URL of the manifest is in `found`, whose paths are from the top directory.
///
/// @throws `digest_invalid`, `field_missing`, `field_type`
#[allow(clippy::missing_errors_doc, reason = "@throws says it, as TypeScript has it")]
#[wasm_bindgen(js_name = verifyContent, unchecked_return_type = "Report")]
pub fn verify_content(
    #[wasm_bindgen(unchecked_param_type = "Manifest")] manifest: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "readonly Entry[]")] found: &JsValue,
) -> Result<JsValue> {
    let manifest: Manifest = shared(manifest, "manifest")?;
    to_js(&airwaybill::verify_content(&manifest.0, &files(found, "found")?))
}
