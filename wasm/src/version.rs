use airwaybill::VersionScheme;
use wasm_bindgen::prelude::*;

use crate::convert::{Result, engine_error, shared, text, wrong_type};

/// The version of a release or a firmware image, ordered by its scheme.
///
/// Equal versions can differ in text: `1.0`, `1.00` and `v1.0`.
#[wasm_bindgen]
#[derive(Clone)]
pub struct Version(airwaybill::Version);

#[wasm_bindgen]
impl Version {
    /// Reads a version: a digit, or `v` and a digit, then only `0-9 A-Z a-z . + _ -`, at most 64 bytes; with
    /// `"semver"`, a `SemVer` 2.0 version, with `"pep440"`, that of a Python package.
    ///
    /// @throws `version_empty`, `version_too_long`, `version_start`, `version_character`, `version_semver`,
    /// `version_pep440`, `field_type`
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(js_name = "text", unchecked_param_type = "string")] version: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "VersionScheme")] scheme: &JsValue,
    ) -> Result<Version> {
        let is_absent = scheme.is_undefined() || scheme.is_null();
        let scheme = if is_absent { Ok(VersionScheme::default()) } else { text(scheme, "scheme")?.parse() };
        airwaybill::Version::parse(&text(version, "version")?, scheme.map_err(engine_error)?)
            .map(Self)
            .map_err(engine_error)
    }

    /// Used by the engine to read a version that was passed as an argument.
    #[wasm_bindgen(skip_typescript)]
    pub fn share(&self) -> Version {
        self.clone()
    }

    /// The scheme that orders it.
    #[wasm_bindgen(getter, unchecked_return_type = "VersionScheme")]
    pub fn scheme(&self) -> String {
        self.0.scheme().as_str().to_owned()
    }

    /// -1 if this version is lower than the other, 0 if they are equal, 1 if it is higher.
    ///
    /// @throws `field_type`, also for a version of another scheme: there is no order between them
    #[wasm_bindgen(unchecked_return_type = "-1 | 0 | 1")]
    pub fn compare(&self, #[wasm_bindgen(unchecked_param_type = "Version")] other: &JsValue) -> Result<i32> {
        let other: Version = shared(other, "version")?;
        let (ours, theirs) = (self.scheme(), other.scheme());
        if ours != theirs {
            let rule = format_args!(
                "'{}' is a {theirs} version and '{}' a {ours} one: there is no order between them",
                other.0, self.0
            );
            return Err(wrong_type("version", rule));
        }
        Ok(self.0.cmp(&other.0) as i32)
    }

    /// Whether both are the same version, as `1.0` and `1.00` are; versions of different schemes never are.
    ///
    /// @throws `field_type`
    pub fn equals(&self, #[wasm_bindgen(unchecked_param_type = "Version")] other: &JsValue) -> Result<bool> {
        let other: Version = shared(other, "version")?;
        Ok(self.0 == other.0)
    }

    /// The text as it was given.
    #[wasm_bindgen(js_name = toString)]
    pub fn text(&self) -> String {
        self.0.to_string()
    }

    /// The text as it was given.
    #[wasm_bindgen(js_name = toJSON)]
    pub fn to_json(&self) -> String {
        self.0.to_string()
    }
}
