use wasm_bindgen::prelude::*;

use crate::convert::{Result, engine_error, read, text, wrong_type};

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
        airwaybill::Filter::new(&read(catalog_options, "options")?).map(Self).map_err(engine_error)
    }

    /// Whether a catalog uses the file at a path from the top directory.
    ///
    /// @throws `field_type`
    pub fn reads(&self, #[wasm_bindgen(unchecked_param_type = "string")] path: &JsValue) -> Result<bool> {
        Ok(self.0.reads(&text(path, "path")?))
    }

    /// Whether an entry has to say when the file at a path from the top directory last changed, in seconds since 1970:
    /// one that a copy tool is not done with perhaps (rule C6b), and one whose time is 0.
    ///
    /// @throws `field_type`
    #[wasm_bindgen(js_name = needsMtime)]
    pub fn needs_mtime(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string")] path: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "number")] mtime: &JsValue,
    ) -> Result<bool> {
        let seconds = mtime.as_f64().filter(|seconds| seconds.fract() == 0.0);
        let seconds = seconds.ok_or_else(|| wrong_type("mtime", "expected a whole number of seconds"))?;
        Ok(self.0.needs_mtime(&text(path, "path")?, whole_seconds(seconds)))
    }
}

/// INVARIANT: beyond 64 bits it saturates, which is as far from 0.
#[allow(clippy::cast_possible_truncation, reason = "JavaScript's numbers are f64")]
fn whole_seconds(seconds: f64) -> i64 {
    seconds as i64
}
