"""What the commands share: options, and how they end."""

# typer evaluates the annotations, which under Python 3.9 must not be strings: no `from __future__ import annotations`.

from enum import Enum
from typing import Annotated, Optional

import typer

CHECK_FAILED, WRONG_USAGE, INTERRUPTED = 1, 2, 130
DEFAULT_BASE_URL = "http://127.0.0.1:8000"


def variable(name: str) -> str:
    """The environment variable that an option is taken from where it is not given."""
    return f"AIRWAYBILL_{name}"


class Scheme(str, Enum):
    """How versions are ordered."""

    loose = "loose"
    semver = "semver"
    pep440 = "pep440"


class DstPaths(str, Enum):
    """How dst_path is written."""

    relative = "relative"
    absolute = "absolute"


class Level(str, Enum):
    """How bad a finding is, worst first."""

    error = "error"
    warning = "warning"
    hint = "hint"


Directory = Annotated[str, typer.Argument(metavar="DIR", help="Directory of releases.", show_default=False)]
FromOption = Annotated[
    Optional[str], typer.Option("--from", metavar="VERSION", help="The device's version; without it, a full install.")
]
ToOption = Annotated[
    Optional[str], typer.Option("--to", metavar="VERSION", help="The release to install; by default the highest.")
]
FirmwareOption = Annotated[
    Optional[str],
    typer.Option("--firmware-version", metavar="VERSION", help="The device's firmware, if it differs from --from."),
]
DowngradeOption = Annotated[bool, typer.Option("--allow-downgrade", help="Allow --to to be lower than --from.")]
BaseUrlOption = Annotated[
    str, typer.Option("--base-url", envvar=variable("BASE_URL"), metavar="URL", help="Start of every URL.")
]
DstPathsOption = Annotated[
    DstPaths,
    typer.Option("--dst-paths", envvar=variable("DST_PATHS"), help="absolute writes dst_path with a leading slash."),
]
FormatOption = Annotated[
    int,
    typer.Option(
        "--format", min=1, max=3, help="2 adds sizes, and whether it is a full install; 3 the patches that are there."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
SchemeOption = Annotated[
    Scheme,
    # Before, it was --versions; `cli.run` still takes that.
    typer.Option("--scheme", envvar=[variable("SCHEME"), variable("VERSIONS")], help="How versions are ordered."),
]
IgnoreOption = Annotated[
    list[str],
    typer.Option(
        "--ignore", envvar=variable("IGNORE"), metavar="GLOB", help="Ignore files that match; may be repeated."
    ),
]
ProtectOption = Annotated[
    list[str],
    typer.Option(
        "--protect",
        envvar=variable("PROTECT"),
        metavar="GLOB",
        help="Never touch device paths that match; may be repeated.",
    ),
]

IncludeOption = Annotated[
    list[str],
    typer.Option(
        "--include",
        envvar=variable("INCLUDE"),
        metavar="GLOB",
        help="Bring back files left out by their names; may be repeated.",
    ),
]
KeepOption = Annotated[
    list[str],
    typer.Option(
        "--keep",
        envvar=variable("KEEP"),
        metavar="GLOB",
        help="Device paths that a device owns once it has them; may be repeated.",
    ),
]
CheckedOption = Annotated[
    bool,
    typer.Option(
        "--checked", envvar=variable("CHECKED"), help="Hold back releases and images in which the check finds errors."
    ),
]

SignedOnlyOption = Annotated[
    bool,
    typer.Option(
        "--signed-only",
        envvar=variable("SIGNED_ONLY"),
        help="Hold back what devices with the keys of this directory would not take.",
    ),
]
SettleOption = Annotated[
    float,
    typer.Option(
        "--settle",
        min=0,
        metavar="SECONDS",
        envvar=variable("SETTLE"),
        help="Offer a release once it has not changed for this long.",
    ),
]


class CommandError(Exception):
    """Ends the command with a one-line error."""

    def __init__(self, exit_code: int, code: str, message: str) -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.code = code
