use wasm_bindgen::prelude::*;

use crate::convert::{Result, engine_error, options, text};

/// Which files a listing has to read: those of releases that are not ignored, and firmware images.
#[wasm_bindgen]
pub struct Filter(airwaybill::Filter);

#[wasm_bindgen]
impl Filter {
    /// The filter of a catalog with these options.
    ///
    /// @throws `glob_invalid`, `field_type`
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(js_name = "options", unchecked_optional_param_type = "CatalogOptions | null")]
        catalog_options: &JsValue,
    ) -> Result<Filter> {
        airwaybill::Filter::new(&options(catalog_options, "options")?).map(Self).map_err(engine_error)
    }

    /// Whether a catalog uses the file at a path from the top directory.
    ///
    /// @throws `field_type`
    pub fn reads(&self, #[wasm_bindgen(unchecked_param_type = "string")] path: &JsValue) -> Result<bool> {
        Ok(self.0.reads(&text(path, "path")?))
    }
}
