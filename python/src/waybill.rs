use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use airwaybill::{DocumentFile, KeysRequest, VerifyRequest};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyDict, PyMapping, PyTuple};

use crate::convert::{Reduction, bytes, to_python, whole_number};
use crate::error::engine_error;
use crate::records::{Notice, record};

/// A number as documents have it (rule T5).
pub(crate) fn document_number(name: &str, value: Option<&Bound<'_, PyAny>>) -> PyResult<Option<u32>> {
    whole_number("document_value", name, value, (1 << 31) - 1)
}

/// A document that is read strictly and written in exactly one way. Methods may follow.
macro_rules! document {
    ($(#[$meta:meta])* $name:ident { $($methods:tt)* }) => {
        $(#[$meta])*
        #[pyclass(module = "airwaybill", frozen, eq, from_py_object)]
        #[derive(Clone, PartialEq, Eq)]
        pub(crate) struct $name(pub(crate) airwaybill::$name);

        #[pymethods]
        impl $name {
            $($methods)*

            /// Exactly the bytes that were parsed.
            fn render(&self) -> Vec<u8> {
                self.0.render().into_bytes()
            }

            fn __hash__(&self) -> u64 {
                let mut hasher = DefaultHasher::new();
                self.0.render().hash(&mut hasher);
                hasher.finish()
            }

            fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Reduction<'py, (Vec<u8>,)> {
                Ok((slf.getattr("parse")?, (slf.get().render(),)))
            }
        }
    };
}

document! {
    /// What an operator signs: all files of a release, or a firmware image, with their SHA-256.
    Waybill {
        /// Reads a waybill strictly, from `bytes` or `str`.
        ///
        /// Raises `AirwaybillError`, with the line in the message: `document_…`, `digest_invalid`, `size_too_big`,
        /// `path_…` or `version_…`.
        #[staticmethod]
        fn parse(document: &Bound<'_, PyAny>) -> PyResult<Self> {
            airwaybill::Waybill::parse(&bytes(document)?).map(Self).map_err(engine_error)
        }

        /// The name of its file: `1.0.1.waybill`, `firmware_1.0.1.bin.waybill`.
        #[getter]
        fn file_name(&self) -> String {
            self.0.file_name()
        }

        /// As plain values: `product`, `kind` (`release` or `firmware`), `version`, `sequence`, `expires`, `needs_firmware`, `files` and
        /// `keep`, each file with `path`, `size` and `sha256`.
        fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
            Ok(to_python(py, &self.0)?.cast_into()?)
        }

        fn __repr__(&self) -> String {
            let airwaybill::Waybill { product, sequence, files, .. } = &self.0;
            format!("<Waybill {} of {product}: sequence {sequence}, {} files>", self.0.file_name(), files.len())
        }
    }
}

document! {
    /// Who may sign for a product: a document `keys/<n>.waybill`.
    Keys {
        /// Reads keys strictly, from `bytes` or `str`.
        ///
        /// Raises `AirwaybillError`, with the line in the message: `document_…`, `key_…`, `keys_threshold` or
        /// `keys_too_many`.
        #[staticmethod]
        fn parse(document: &Bound<'_, PyAny>) -> PyResult<Self> {
            airwaybill::Keys::parse(&bytes(document)?).map(Self).map_err(engine_error)
        }

        /// The keys that come after these, if `document` is the next one and the root keys of both have signed it.
        ///
        /// `signatures` are the contents of its `.sig` files, by name. Raises `AirwaybillError` as `parse` does, and with
        /// code `keys_skipped`, `keys_product`, `keys_floor` or `keys_unsigned`.
        fn next(&self, document: &Bound<'_, PyAny>, signatures: &Bound<'_, PyAny>) -> PyResult<Self> {
            let (document, signatures) = (bytes(document)?, Documents::new(signatures)?);
            self.0.next(&document, &signatures.files()).map(Self).map_err(engine_error)
        }

        /// The first keys of a product; `root` and `release` are `PublicKey`s.
        ///
        /// Raises `AirwaybillError` with code `document_value`, `key_duplicate`, `keys_too_many` or `keys_threshold`.
        #[staticmethod]
        #[pyo3(signature = (product, root, release, *, threshold_root = None, threshold_release = None, floor = None))]
        fn first(
            product: &str,
            root: Vec<PublicKey>,
            release: Vec<PublicKey>,
            threshold_root: Option<Bound<'_, PyAny>>,
            threshold_release: Option<Bound<'_, PyAny>>,
            floor: Option<Bound<'_, PyAny>>,
        ) -> PyResult<Self> {
            let request = keys_request([root, release, Vec::new()], [threshold_root, threshold_release], floor)?;
            airwaybill::Keys::first(product, &request).map(Self).map_err(engine_error)
        }

        /// The keys that come after these, to be signed by the roots of both: `root` and `release` are keys that are new,
        /// `remove` those that go, all `PublicKey`s; waybills below `floor` no longer count.
        ///
        /// Raises `AirwaybillError` with code `key_unknown` to remove a key that is none of these, `keys_floor` for a lower floor, or
        /// to remove a release key without one, because devices forget their sequences then; and as `first` does.
        #[pyo3(signature = (
            *, root = Vec::new(), release = Vec::new(), remove = Vec::new(), threshold_root = None,
            threshold_release = None, floor = None
        ))]
        fn changed(
            &self,
            root: Vec<PublicKey>,
            release: Vec<PublicKey>,
            remove: Vec<PublicKey>,
            threshold_root: Option<Bound<'_, PyAny>>,
            threshold_release: Option<Bound<'_, PyAny>>,
            floor: Option<Bound<'_, PyAny>>,
        ) -> PyResult<Self> {
            let request = keys_request([root, release, remove], [threshold_root, threshold_release], floor)?;
            self.0.changed(&request).map(Self).map_err(engine_error)
        }

        /// The newest of the keys among the documents that are there, contents by name; without `first` the lowest ones
        /// are taken as they are.
        ///
        /// Raises `AirwaybillError` with code `keys_missing` if there are none, and as `next` does.
        #[staticmethod]
        #[pyo3(signature = (documents, first = None))]
        fn newest(documents: &Bound<'_, PyAny>, first: Option<&Bound<'_, Self>>) -> PyResult<Self> {
            let (documents, first) = (Documents::new(documents)?, first.map(|keys| keys.get().0.clone()));
            airwaybill::Keys::newest(first, &documents.files()).map(Self).map_err(engine_error)
        }

        /// As plain values: `product`, `number`, `root` and `release`, each with `threshold` and `keys`, and
        /// `floor_release` and `floor_firmware`.
        fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
            Ok(to_python(py, &self.0)?.cast_into()?)
        }

        fn __repr__(&self) -> String {
            let airwaybill::Keys { product, number, root, release, .. } = &self.0;
            format!("<Keys {number} of {product}: {} root, {} release>", root.keys.len(), release.keys.len())
        }
    }
}

document! {
    /// A signature file as `ssh-keygen -Y sign -n waybill@airwaybill -O hashalg=sha256` writes it.
    Signature {
        /// Reads exactly the bytes that `ssh-keygen` writes.
        ///
        /// Raises `AirwaybillError` with code `signature_…` or `key_type`.
        #[staticmethod]
        fn parse(document: &Bound<'_, PyAny>) -> PyResult<Self> {
            airwaybill::Signature::parse(&bytes(document)?).map(Self).map_err(engine_error)
        }

        /// The key that it claims to be of, without a comment.
        #[getter]
        fn key(&self) -> PublicKey {
            PublicKey(self.0.key())
        }

        /// Whether it is the signature over `document` of that key.
        fn verifies(&self, document: &Bound<'_, PyAny>) -> PyResult<bool> {
            Ok(self.0.verifies(&bytes(document)?))
        }

        fn __repr__(&self) -> String {
            format!("<Signature of {}>", self.0.key().fingerprint())
        }
    }
}

/// A public Ed25519 key, as a line of a `.pub` file: `PublicKey("ssh-ed25519 AAAA… comment")`.
///
/// Raises `AirwaybillError` with code `key_type` or `key_invalid`.
#[pyclass(module = "airwaybill", frozen, eq, hash, from_py_object)]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct PublicKey(airwaybill::PublicKey);

#[pymethods]
impl PublicKey {
    #[new]
    fn new(line: &str) -> PyResult<Self> {
        airwaybill::PublicKey::parse(line).map(Self).map_err(engine_error)
    }

    /// What stands after the key, perhaps nothing.
    #[getter]
    fn comment(&self) -> &str {
        self.0.comment()
    }

    /// OpenSSH's fingerprint, `SHA256:…`.
    #[getter]
    fn fingerprint(&self) -> String {
        self.0.fingerprint()
    }

    /// Whether `signature`, 64 bytes, is this key's of `message`.
    fn verifies(&self, message: &Bound<'_, PyAny>, signature: &Bound<'_, PyAny>) -> PyResult<bool> {
        let signature = bytes(signature)?;
        let message = bytes(message)?;
        Ok((*signature).try_into().is_ok_and(|signature| self.0.verifies(&message, signature)))
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        format!("PublicKey('{}')", self.0)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> (Bound<'py, pyo3::types::PyType>, (String,)) {
        (slf.get_type(), (slf.get().0.to_string(),))
    }
}

fn keys_request(
    keys: [Vec<PublicKey>; 3],
    [threshold_root, threshold_release]: [Option<Bound<'_, PyAny>>; 2],
    floor: Option<Bound<'_, PyAny>>,
) -> PyResult<KeysRequest> {
    let [root, release, remove] = keys.map(|keys| keys.into_iter().map(|key| key.0).collect());
    Ok(KeysRequest {
        root,
        release,
        remove,
        threshold_root: document_number("threshold_root", threshold_root.as_ref())?,
        threshold_release: document_number("threshold_release", threshold_release.as_ref())?,
        floor: document_number("floor", floor.as_ref())?,
    })
}

record! {
    /// Whether a waybill counts; false if it does not.
    Verdict {
        /// Why it does not count; empty if it does.
        reasons: Vec<Notice>,
        /// The release keys that signed it, as lines of `.pub` files.
        signers: Vec<String>,
        /// Documents that do not count, and why.
        skipped: Vec<Notice>,
    }

    /// Whether devices with these keys take it.
    #[getter]
    fn ok(&self) -> bool {
        self.reasons.is_empty()
    }

    fn __bool__(&self) -> bool {
        self.ok()
    }

    /// The verdict as plain values: `{"reasons", "signers", "skipped"}`.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, self)
    }
}

/// Whether a waybill counts for devices that have `keys`: enough of the release keys signed it, it is for their product
/// and what `name` says, not below the floor, and not expired.
///
/// `document` is the content of the file `name`, `1.0.1.waybill`; `signatures` the contents of its `.sig` files, by name;
/// `now` the time, `2026-11-27T00:00:00Z`: without it nothing expires. Raises `AirwaybillError` with code `document_value`
/// if `now` is no time.
#[pyfunction]
#[pyo3(signature = (document, signatures, keys, name, now = None))]
pub(crate) fn verify_signed(
    document: &Bound<'_, PyAny>,
    signatures: &Bound<'_, PyAny>,
    keys: &Bound<'_, Keys>,
    name: String,
    now: Option<String>,
) -> PyResult<Verdict> {
    let (document, signatures) = (bytes(document)?, Documents::new(signatures)?);
    let request = VerifyRequest { name, now };
    let verdict =
        airwaybill::verify_signed(&document, &signatures.files(), &keys.get().0, &request).map_err(engine_error)?;
    Ok((&verdict).into())
}

impl From<&airwaybill::Verdict> for Verdict {
    fn from(verdict: &airwaybill::Verdict) -> Self {
        Self {
            reasons: verdict.reasons.iter().map(Into::into).collect(),
            signers: verdict.signers.iter().map(ToString::to_string).collect(),
            skipped: verdict.skipped.iter().map(Into::into).collect(),
        }
    }
}

record! {
    /// A release or an image, and whether devices take it; false if they do not.
    SigningStatus {
        /// `1.0.1` or `firmware_1.0.1.bin`.
        path: String,
        /// Of its waybill; `None` if that cannot be read.
        sequence: Option<u32>,
        /// From this time on its waybill does not count; `None` if it has no such time.
        expires: Option<String>,
        /// Who signed it, and why it does not count, what differs from the files that are there among it.
        verdict: Verdict,
        /// The first reason, for the parameter `unsigned` of `Catalog.from_listing`: why it is not offered where only what counts is.
        held_back: Option<Notice>,
    }

    fn __bool__(&self) -> bool {
        self.verdict.ok()
    }

    /// As plain values: `{"path", "sequence", "expires", "verdict", "held_back"}`.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, self)
    }
}

impl From<&airwaybill::SigningStatus> for SigningStatus {
    fn from(signed: &airwaybill::SigningStatus) -> Self {
        let (path, expires) = (signed.path.clone(), signed.expires.clone());
        let held_back = signed.held_back.as_ref().map(Into::into);
        Self { path, sequence: signed.sequence, expires, verdict: (&signed.verdict).into(), held_back }
    }
}

/// The names that the signatures of a document may have, in the order in which they are read.
#[pyfunction]
pub(crate) fn signature_names(document: &str) -> Vec<String> {
    airwaybill::signature_names(document)
}

/// Contents of files, by name.
pub(crate) struct Documents(Vec<(String, PyBackedBytes)>);

impl Documents {
    pub(crate) fn new(documents: &Bound<'_, PyAny>) -> PyResult<Self> {
        let items = documents.cast::<PyMapping>()?.items()?;
        let file = |item: PyResult<Bound<'_, PyAny>>| {
            let (name, content): (String, Bound<'_, PyAny>) = item?.extract()?;
            Ok((name, bytes(&content)?))
        };
        items.try_iter()?.map(file).collect::<PyResult<_>>().map(Self)
    }

    pub(crate) fn files(&self) -> Vec<DocumentFile<'_>> {
        self.0.iter().map(|(name, content)| DocumentFile { name, content }).collect()
    }
}
