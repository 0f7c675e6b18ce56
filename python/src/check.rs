use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use airwaybill::{CheckRequest, CheckSettings, DocumentFile, SignedDocument};
use pyo3::prelude::*;
use pyo3::types::PyMapping;

use crate::convert::{bytes, options, to_python, whole_number};
use crate::error::{engine_error, error};
use crate::waybill::Documents;

/// What a check has to know of one file's content: `Peek(path, content)`, with the path from the top directory.
#[pyclass(module = "airwaybill", frozen, eq, skip_from_py_object)]
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Peek(pub(crate) airwaybill::Peek);

#[pymethods]
impl Peek {
    #[new]
    fn new(path: &str, content: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self(airwaybill::Peek::of(path, &bytes(content)?)))
    }

    /// From the top directory.
    #[getter]
    fn path(&self) -> &str {
        &self.0.path
    }

    /// Bytes.
    #[getter]
    fn size(&self) -> u64 {
        self.0.size
    }

    fn __repr__(&self) -> String {
        format!("<Peek {}: {} bytes>", self.0.path, self.0.size)
    }

    /// The peek as plain values, as the npm package has it.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &self.0)
    }
}

/// Reads the files at these paths below `root`, and gives a `Peek` of each; none of one that cannot be read.
#[pyfunction]
pub(crate) fn peek(py: Python<'_>, root: PathBuf, paths: Vec<String>) -> Vec<Peek> {
    py.detach(|| read(&root, &paths).into_iter().map(Peek).collect())
}

/// What the files at these paths below `root` have; without those that cannot be read. In one thread: a server that checks
/// answers devices meanwhile.
pub(crate) fn read(root: &Path, paths: &[String]) -> Vec<airwaybill::Peek> {
    let mut content = Vec::new();
    let mut peek = |path: &String| {
        content.clear();
        open(&root.join(path)).and_then(|mut file| file.read_to_end(&mut content)).ok()?;
        Some(airwaybill::Peek::of(path, &content))
    };
    paths.iter().filter_map(&mut peek).collect()
}

/// Does not wait for a pipe that has been put there meanwhile.
fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    let file = options.open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("not a regular file")) }
}

/// Judges the settings of a check that stand beside the releases, what ``check.toml`` says. Raises `AirwaybillError` with code
/// `field_type`, `field_missing`, `size_too_big` or `glob_invalid`.
#[pyfunction]
pub(crate) fn check_settings(settings: &Bound<'_, PyAny>) -> PyResult<()> {
    options::<CheckSettings>(settings, "")?.validate().map_err(engine_error)
}

/// The arguments of a check, as Python gives them; what they may say is the engine's to judge.
pub(crate) fn check_request(
    current: Vec<String>,
    target: Option<String>,
    mounts: Option<Vec<String>>,
    flash_size: Option<Bound<'_, PyAny>>,
    firmware: &str,
    accept: &[Bound<'_, PyMapping>],
) -> PyResult<CheckRequest> {
    let accepted = |(index, item): (usize, &Bound<'_, PyMapping>)| options(item, &format!("accept[{index}]"));
    let default = CheckSettings::default();
    let settings = CheckSettings {
        mounts: mounts.unwrap_or(default.mounts),
        flash_size: whole_number("field_type", "flash_size", flash_size.as_ref(), u64::MAX)?,
        firmware: firmware.parse().map_err(engine_error)?,
        accept: accept.iter().enumerate().map(accepted).collect::<PyResult<_>>()?,
    };
    Ok(CheckRequest { current, target, settings, ..CheckRequest::default() })
}

pub(crate) fn signed_documents(documents: Option<&Bound<'_, PyAny>>) -> PyResult<Vec<SignedDocument>> {
    let Some(documents) = documents else { return Ok(Vec::new()) };
    let documents = Documents::new(documents)?;
    let document =
        |file: &DocumentFile<'_>| SignedDocument { name: file.name.to_owned(), content: file.content.to_vec() };
    Ok(documents.files().iter().map(document).collect())
}

/// Refuses what is not a list of `Peek`.
pub(crate) fn peeks(peeks: &Bound<'_, PyAny>) -> PyResult<Vec<airwaybill::Peek>> {
    let peek = |item: PyResult<Bound<'_, PyAny>>| match item?.cast::<Peek>() {
        Ok(peek) => Ok(peek.get().0.clone()),
        Err(_) => Err(error("field_type", "peeks: expected a list of Peek")),
    };
    peeks.try_iter()?.map(peek).collect()
}
