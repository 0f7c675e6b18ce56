"""maturin as the build backend, except that a wheel or sdist without the release preview is refused.

An editable installation is for who works on the package: it may do without.
"""

import os
from pathlib import Path

import maturin
from maturin import (
    build_editable,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

PAGE = Path(__file__).parent / "airwaybill" / "preview" / "index.html"
MISSING = """
The release preview, the page that `airwaybill serve` shows, is not built: this is a checkout, and git does not have it.

    make preview                     builds it, in the checkout's top directory; then install again
    AIRWAYBILL_WITHOUT_PREVIEW=1     in the environment installs the package without the page
"""


def _page() -> None:
    if not PAGE.is_file() and os.environ.get("AIRWAYBILL_WITHOUT_PREVIEW") != "1":
        raise SystemExit(MISSING)


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    _page()
    return maturin.build_wheel(wheel_directory, config_settings, metadata_directory)


def build_sdist(sdist_directory, config_settings=None):
    _page()
    return maturin.build_sdist(sdist_directory, config_settings)
