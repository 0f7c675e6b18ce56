use std::rc::Rc;

use airwaybill::{Peek, Plan};
use js_sys::Reflect;
use serde::Serialize;
use tsify::Tsify;
use wasm_bindgen::prelude::*;

use crate::convert::{Result, engine_error, number, optional_text, read, shared, text, to_js};
use crate::listing::{entries, file_list, files, path_list};
use crate::manifest::Manifest;
use crate::waybill;

/// All releases and firmware images of one directory. It stays in the engine's memory; only answers are copied.
#[wasm_bindgen]
#[derive(Clone)]
pub struct Catalog(Rc<airwaybill::Catalog>);

#[wasm_bindgen]
impl Catalog {
    /// Sorts the entries of a listing, in any order, into releases, firmware images and ignored ones.
    ///
    /// A release is offered entirely or not at all: if a path is not a device path, a symbolic link leads out of it,
    /// or a file could not be read, the release is ignored, and `ignored` names the file. Of one that is held back and
    /// that an `earlier` catalog of the same directory has, devices on it have what it was then. `patches` are the
    /// files in `delta/`, with paths from the top directory: what manifests of format 3 may offer.
    ///
    /// @throws `glob_invalid`, `size_too_big`, `digest_invalid`, `field_missing`, `field_type`
    #[wasm_bindgen(js_name = fromListing)]
    pub fn from_listing(
        #[wasm_bindgen(unchecked_param_type = "readonly Entry[]")] listing: &JsValue,
        #[wasm_bindgen(js_name = "options", unchecked_optional_param_type = "CatalogOptions | null")]
        catalog_options: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "Catalog | null")] earlier: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "readonly Entry[] | null")] patches: &JsValue,
    ) -> Result<Catalog> {
        let options = read(catalog_options, "options")?;
        let entries = entries(listing, "listing")?;
        let mut catalog = airwaybill::Catalog::from_listing(&entries, &options).map_err(engine_error)?;
        if !earlier.is_null() && !earlier.is_undefined() {
            catalog = catalog.remembering(&shared::<Catalog>(earlier, "earlier")?.0);
        }
        if !patches.is_null() && !patches.is_undefined() {
            catalog = catalog.with_patches(&files(patches, "patches")?);
        }
        Ok(Self(Rc::new(catalog)))
    }

    /// Used by the engine to read a catalog that was passed as an argument.
    #[wasm_bindgen(skip_typescript)]
    pub fn share(&self) -> Catalog {
        self.clone()
    }

    /// The releases that are offered, lowest version first.
    #[wasm_bindgen(getter, unchecked_return_type = "Release[]")]
    pub fn releases(&self) -> Result<JsValue> {
        to_js(&self.0.releases().iter().map(Release::from).collect::<Vec<_>>())
    }

    /// The files of a release with their device paths, sorted by path.
    ///
    /// @throws `release_unknown`, `release_held_back`, `release_unsettled`, `check_failed`, `field_type`
    #[wasm_bindgen(unchecked_return_type = "FileRecord[]")]
    pub fn files(&self, #[wasm_bindgen(unchecked_param_type = "string")] version: &JsValue) -> Result<JsValue> {
        let release = self.0.release(&text(version, "version")?).map_err(engine_error)?;
        Ok(file_list(release.files()))
    }

    /// The firmware images that are offered, lowest version first.
    #[wasm_bindgen(getter, unchecked_return_type = "Firmware[]")]
    pub fn firmware(&self) -> Result<JsValue> {
        to_js(&self.0.firmware())
    }

    /// What is ignored and why, sorted by path.
    #[wasm_bindgen(getter, unchecked_return_type = "Notice[]")]
    pub fn ignored(&self) -> Result<JsValue> {
        to_js(&self.0.ignored())
    }

    /// Warnings about what is in the catalog, sorted by path.
    #[wasm_bindgen(getter, unchecked_return_type = "Notice[]")]
    pub fn warnings(&self) -> Result<JsValue> {
        to_js(&self.0.warnings())
    }

    /// The file of a release, or the firmware image, at a path from the top directory, even if it is still changing.
    /// `null` if there is none.
    ///
    /// @throws `field_type`
    #[wasm_bindgen(unchecked_return_type = "FileRecord | null")]
    pub fn find(&self, #[wasm_bindgen(unchecked_param_type = "string")] path: &JsValue) -> Result<JsValue> {
        to_js(&self.0.find(&text(path, "path")?))
    }

    /// The waybill of a release or an image that is offered, to be signed: the text of the document.
    ///
    /// `listing` is that of the catalog, with the SHA-256 of each file; `documents` are the contents of the waybills that are
    /// there, by name.
    ///
    /// @throws `release_unknown`, `release_held_back`, `release_unsettled`, `check_failed`, `field_missing` (a file has no SHA-256), `sequence_order`,
    /// `version_…`, `document_…`, `field_type`
    pub fn waybill(
        &self,
        #[wasm_bindgen(unchecked_param_type = "WaybillRequest")] request: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "readonly Entry[]")] listing: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Readonly<Record<string, string>>")] documents: &JsValue,
    ) -> Result<String> {
        let (request, documents) = (read(request, "request")?, waybill::documents_of(documents, "documents")?);
        let waybill = self.0.waybill(&request, &waybill::files(&documents), &files(listing, "listing")?);
        Ok(waybill.map_err(engine_error)?.render())
    }

    /// Of each release and image that is offered, whether devices that have `keys`, a document, take it.
    ///
    /// `listing` is that of the catalog, with the SHA-256 of each file; `documents` are the contents of the waybills and
    /// signatures that are there, by name; `now` is the time, `2026-11-27T00:00:00Z`: without it nothing expires.
    ///
    /// @throws as `parseKeys`, `field_missing` (a file has no SHA-256), `document_value` if `now` is no time
    #[wasm_bindgen(unchecked_return_type = "SigningStatus[]")]
    pub fn signed(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string | Uint8Array")] keys: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "readonly Entry[]")] listing: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Readonly<Record<string, string>>")] documents: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "string | null")] now: &JsValue,
    ) -> Result<JsValue> {
        let (keys, documents) = (waybill::keys_of(keys)?, waybill::documents_of(documents, "documents")?);
        let (documents, now) = (waybill::files(&documents), optional_text(now, "now")?);
        let signed = self.0.signed(&keys, now.as_deref(), &documents, &files(listing, "listing")?);
        to_js(&signed.map_err(engine_error)?)
    }

    /// What a device has to do; `null` if there is nothing.
    ///
    /// @throws `release_unknown`, `release_held_back`, `release_unsettled`, `check_failed`, `version_…`, `field_type`
    #[wasm_bindgen(unchecked_return_type = "Plan | null")]
    pub fn plan(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "PlanRequest | null")] request: &JsValue,
    ) -> Result<JsValue> {
        let Some(plan) = self.plan_of(request)? else { return Ok(JsValue::NULL) };
        // The lists cross as columns, the rest without them.
        let lists = [
            ("delete", path_list(&plan.delete)),
            ("new", file_list(&plan.new)),
            ("update", file_list(&plan.update)),
            ("keep", file_list(&plan.keep)),
        ];
        let object =
            to_js(&Plan { delete: Vec::new(), new: Vec::new(), update: Vec::new(), keep: Vec::new(), ..plan })?;
        for (key, list) in lists {
            Reflect::set(&object, &key.into(), &list)?;
        }
        Ok(object)
    }

    /// The files, from the top directory, of whose content `check` wants a `Peek`.
    ///
    /// @throws as `check`
    #[wasm_bindgen(unchecked_return_type = "string[]")]
    pub fn peeks(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "CheckRequest | null")] request: &JsValue,
    ) -> Result<JsValue> {
        to_js(&self.0.peeks(&read(request, "request")?).map_err(engine_error)?)
    }

    /// What a careful colleague would say before a release goes out: errors first, each level sorted by path. `peeks`
    /// has what the content tells, of the files that `Catalog.peeks` names.
    ///
    /// @throws `release_unknown`, `release_held_back`, `release_unsettled`, `check_failed`, `version_…`, `glob_invalid`, `size_too_big`, `field_missing`, `field_type`
    #[wasm_bindgen(unchecked_return_type = "Finding[]")]
    pub fn check(
        &self,
        #[wasm_bindgen(unchecked_param_type = "readonly Peek[]")] peeks: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "CheckRequest | null")] request: &JsValue,
    ) -> Result<JsValue> {
        let peeks = read::<Vec<Peek>>(peeks, "peeks")?;
        to_js(&self.0.check(&read(request, "request")?, &peeks).map_err(engine_error)?)
    }

    /// Bytes that the device downloads; 0 if there is nothing to do.
    ///
    /// @throws as `plan`
    #[wasm_bindgen(js_name = downloadSize)]
    pub fn download_size(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "PlanRequest | null")] request: &JsValue,
    ) -> Result<f64> {
        Ok(self.plan_of(request)?.map_or(0.0, |plan| number(plan.download_size())))
    }

    /// The same of a device that takes the patches of a manifest of format 3.
    ///
    /// @throws as `plan`
    #[wasm_bindgen(js_name = patchedSize)]
    pub fn patched_size(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "PlanRequest | null")] request: &JsValue,
    ) -> Result<f64> {
        Ok(self.plan_of(request)?.map_or(0.0, |plan| number(plan.patched_size())))
    }

    /// The plan rendered for one base URL; `null` if there is nothing to do.
    ///
    /// @throws `base_url_invalid`, `format_invalid`, `field_missing`, and as `plan`
    #[wasm_bindgen(unchecked_return_type = "Manifest | null")]
    pub fn manifest(
        &self,
        #[wasm_bindgen(unchecked_param_type = "PlanRequest | null | undefined")] request: &JsValue,
        #[wasm_bindgen(js_name = "options", unchecked_param_type = "ManifestOptions")] manifest_options: &JsValue,
    ) -> Result<JsValue> {
        let rendering = read(manifest_options, "options")?;
        let Some(plan) = self.plan_of(request)? else { return Ok(JsValue::NULL) };
        Ok(Manifest::from(plan.manifest(&rendering).map_err(engine_error)?).into())
    }

    /// The text that the device gets: the manifest, or `null`.
    ///
    /// @throws as `manifest`
    #[wasm_bindgen(js_name = manifestJson)]
    pub fn manifest_json(
        &self,
        #[wasm_bindgen(unchecked_param_type = "PlanRequest | null | undefined")] request: &JsValue,
        #[wasm_bindgen(js_name = "options", unchecked_param_type = "ManifestOptions")] manifest_options: &JsValue,
    ) -> Result<String> {
        let rendering = read(manifest_options, "options")?;
        self.0.manifest_json(&read(request, "request")?, &rendering).map_err(engine_error)
    }
}

impl Catalog {
    fn plan_of(&self, request: &JsValue) -> Result<Option<Plan>> {
        self.0.plan(&read(request, "request")?).map_err(engine_error)
    }
}

/// A release: a version and the device's entire file system.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Release<'a> {
    /// The directory's name.
    version: &'a str,
    /// Bytes of all files.
    size: u64,
    /// The number of files.
    file_count: usize,
}

impl<'a> From<&'a airwaybill::Release> for Release<'a> {
    fn from(release: &'a airwaybill::Release) -> Self {
        Self { version: release.version().as_str(), size: release.size(), file_count: release.files().len() }
    }
}

/// Compares the files on a device, with device paths, with its release.
///
/// @throws `release_unknown`, `release_held_back`, `release_unsettled`, `check_failed`, `path_…`, `digest_invalid`, `field_missing`, `field_type`
#[allow(clippy::missing_errors_doc, reason = "@throws says it, as TypeScript has it")]
#[wasm_bindgen(js_name = verifyDevice, unchecked_return_type = "Report")]
pub fn verify_device(
    #[wasm_bindgen(unchecked_param_type = "Catalog")] catalog: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "string")] version: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "readonly Entry[]")] found: &JsValue,
) -> Result<JsValue> {
    let catalog: Catalog = shared(catalog, "catalog")?;
    let (version, found) = (text(version, "version")?, files(found, "found")?);
    to_js(&airwaybill::verify_device(&catalog.0, &version, &found).map_err(engine_error)?)
}
