use pyo3::PyClass;
use pyo3::prelude::*;
use pyo3::pyclass::boolean_struct::True;
use serde::Serialize;
use serde_json::{Value, json};

use crate::convert::{from_python, whole_number};
use crate::error::engine_error;
use crate::plan::Plan;
use crate::records::{FileRecord, Finding};
use crate::waybill::SigningStatus;

/// A plan as one document to hand over: a headline, counts, every file, the firmware, and what is known besides.
///
/// `plan` is a `Plan`, or `None` for nothing to do; `format` is `markdown`, `csv` or `html`. `current` is the device's version where there is nothing to do,
/// `firmware_version` its firmware, `before` the files that it has, with device paths; `sha256` is that of the plan's image. `findings` are those of
/// `Catalog.check`, `unread` the number of files that it should have looked into and did not; `signed` is what `Catalog.signed` gives, of which the plan's
/// own release and image are said. `base_url` is where devices fetch it from, `generation` a number of the state of the releases, `time` when it is made,
/// `2026-11-27T00:00:00Z`. What is `None` is not said. Records may be mappings with the same keys, `plan` and `signed` those of `to_dict`.
///
/// Raises `AirwaybillError` with code `field_type`, `field_missing`, `digest_invalid`, `base_url_invalid`, `document_value` if
/// `time` is none, or `key_…`.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "keyword arguments of the Python API")]
#[pyo3(signature = (
    plan, format = "markdown", *, current = None, firmware_version = None, before = None, sha256 = None, findings = None,
    unread = None, signed = None, base_url = None, generation = None, time = None
))]
pub(crate) fn report(
    py: Python<'_>,
    plan: Option<Bound<'_, PyAny>>,
    format: &str,
    current: Option<String>,
    firmware_version: Option<String>,
    before: Option<Vec<Bound<'_, PyAny>>>,
    sha256: Option<String>,
    findings: Option<Vec<Bound<'_, PyAny>>>,
    unread: Option<Bound<'_, PyAny>>,
    signed: Option<Vec<Bound<'_, PyAny>>>,
    base_url: Option<String>,
    generation: Option<Bound<'_, PyAny>>,
    time: Option<String>,
) -> PyResult<String> {
    let plan = match plan {
        Some(plan) => match plan.cast::<Plan>() {
            Ok(plan) => json!(plan.get().0),
            Err(_) => from_python(&plan)?,
        },
        None => Value::Null,
    };
    let number = |name, value: Option<Bound<'_, PyAny>>| -> PyResult<Option<u64>> {
        whole_number("field_type", name, value.as_ref(), u64::MAX)
    };
    let document = json!({
        "plan": plan,
        "format": format,
        "current": current,
        "firmware_version": firmware_version,
        "before": before.map(|items| values::<FileRecord>(&items)).transpose()?,
        "sha256": sha256,
        "findings": findings.map(|items| values::<Finding>(&items)).transpose()?,
        "unread": number("unread", unread)?,
        "signed": signed.map(|items| values::<SigningStatus>(&items)).transpose()?,
        "base_url": base_url,
        "generation": number("generation", generation)?,
        "time": time,
    });
    py.detach(|| airwaybill::report(document.to_string().as_bytes())).map_err(engine_error)
}

/// Records, or mappings with the same keys, as plain values.
fn values<T: PyClass<Frozen = True> + Sync + Serialize>(items: &[Bound<'_, PyAny>]) -> PyResult<Vec<Value>> {
    let value = |item: &Bound<'_, PyAny>| match item.cast::<T>() {
        Ok(record) => Ok(json!(record.get())),
        Err(_) => from_python(item),
    };
    items.iter().map(value).collect()
}
