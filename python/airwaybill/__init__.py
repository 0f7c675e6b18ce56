"""Over-the-air update manifests for fleets of MicroPython devices."""

from __future__ import annotations

from ._api import generate_manifest, scan
from ._core import (
    Catalog,
    Content,
    FileRecord,
    Finding,
    Firmware,
    Hasher,
    Listing,
    Manifest,
    Notice,
    Peek,
    Plan,
    PlanFile,
    Problem,
    Release,
    Report,
    Version,
    __version__,
    check_path,
    peek,
    verify_content,
    verify_device,
)
from ._error import AirwaybillError

__all__ = [
    "AirwaybillError",
    "Catalog",
    "Content",
    "FileRecord",
    "Finding",
    "Firmware",
    "Hasher",
    "Listing",
    "Manifest",
    "Notice",
    "Peek",
    "Plan",
    "PlanFile",
    "Problem",
    "Release",
    "Report",
    "Version",
    "__version__",
    "check_path",
    "generate_manifest",
    "peek",
    "scan",
    "verify_content",
    "verify_device",
]
