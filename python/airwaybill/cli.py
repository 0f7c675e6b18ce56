"""The command line. Exit codes: 0 success, 1 a check failed, 2 wrong usage; errors are one line on stderr."""

# typer evaluates the annotations, which under Python 3.9 must not be strings: no `from __future__ import annotations`.

import io
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any, NoReturn, Optional

import typer

from airwaybill import (
    AirwaybillError,
    Catalog,
    Finding,
    Listing,
    Manifest,
    Notice,
    __version__,
    _adding,
    _check,
    _directory,
    _patching,
    _record,
    _report,
    _serve,
    _signing,
    _signing_commands,
    verify_content,
)
from airwaybill._files import write
from airwaybill._options import (
    CHECK_FAILED,
    DEFAULT_BASE_URL,
    INTERRUPTED,
    WRONG_USAGE,
    BaseUrlOption,
    CheckedOption,
    CommandError,
    Directory,
    DowngradeOption,
    DstPaths,
    DstPathsOption,
    FirmwareOption,
    FormatOption,
    FromOption,
    IgnoreOption,
    IncludeOption,
    JsonOption,
    KeepOption,
    Level,
    ProtectOption,
    Scheme,
    SchemeOption,
    SignedOnlyOption,
    ToOption,
    variable,
)
from airwaybill._terminal import compared, complain, new_table, print_json, print_tables, progress_bar, shown, size_of
from airwaybill.publish.command import publish

# Sizes are under 2^53.
MAX_FLASH_SIZE = (1 << 53) - 1

commands = typer.Typer(
    name="airwaybill",
    help="Over-the-air update manifests: which files, which firmware, with sizes and hashes.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
commands.command()(_serve.serve)
commands.command()(_adding.add)
commands.command()(_patching.delta)
commands.command()(publish)
commands.command()(_signing_commands.sign)
commands.add_typer(_signing_commands.keys, name="keys")


def _version(asked: bool) -> None:
    if asked:
        print(f"airwaybill {__version__}")
        raise typer.Exit


@commands.callback()
def main_options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version, and end.")
    ] = False,
) -> None:
    pass


@commands.command()
def manifest(
    directory: Directory,
    current: FromOption = None,
    target: ToOption = None,
    firmware_version: FirmwareOption = None,
    allow_downgrade: DowngradeOption = False,
    base_url: BaseUrlOption = DEFAULT_BASE_URL,
    dst_paths: DstPathsOption = DstPaths.relative,
    format: FormatOption = 1,
    scheme: SchemeOption = Scheme.loose,
    ignore: IgnoreOption = [],  # noqa: B006
    protect: ProtectOption = [],  # noqa: B006
    include: IncludeOption = [],  # noqa: B006
    keep: KeepOption = [],  # noqa: B006
) -> None:
    """Print the document that a device gets, byte for byte; null if there is nothing to do.

    Errors of the check go to stderr: those that devices on --from run into, without it those on the releases below.
    """
    catalog = _releases(directory, scheme, ignore, protect, include, keep)
    document = catalog.manifest_json(
        base_url,
        current,
        firmware_version=firmware_version,
        target=target,
        allow_downgrade=allow_downgrade,
        dst_paths=dst_paths.value,
        format=format,
    )
    _say_errors(catalog, _findings(catalog, directory, current, target))
    sys.stdout.buffer.write(document + b"\n" if sys.stdout.isatty() else document)


@commands.command()
def plan(
    directory: Directory,
    current: FromOption = None,
    target: ToOption = None,
    firmware_version: FirmwareOption = None,
    allow_downgrade: DowngradeOption = False,
    as_json: JsonOption = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a report to hand over, in Markdown.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="The same for spreadsheets.")] = False,
    html: Annotated[bool, typer.Option("--html", help="The same as one page.")] = False,
    base_url: Annotated[
        Optional[str],
        typer.Option("--base-url", envvar=variable("BASE_URL"), metavar="URL", help="What a report says of it."),
    ] = None,
    generation: Annotated[
        Optional[int], typer.Option("--generation", min=0, metavar="N", help="What a report says of it.")
    ] = None,
    time: Annotated[
        Optional[str], typer.Option("--time", metavar="TIME", help="What a report says of it: 2026-11-27T00:00:00Z.")
    ] = None,
    scheme: SchemeOption = Scheme.loose,
    ignore: IgnoreOption = [],  # noqa: B006
    protect: ProtectOption = [],  # noqa: B006
    include: IncludeOption = [],  # noqa: B006
    keep: KeepOption = [],  # noqa: B006
) -> None:
    """Show what a device would delete, add, update and flash; as a report with what the check finds, and who signed it.

    Errors of the check go to stderr: those that devices on --from run into, without it those on the releases below.
    """
    forms = {"json": as_json, "markdown": markdown, "csv": csv, "html": html}
    chosen = [form for form, is_chosen in forms.items() if is_chosen]
    if len(chosen) > 1:
        raise CommandError(WRONG_USAGE, "usage", f"--{chosen[0]} and --{chosen[1]}: choose one of them")
    is_report = bool(chosen) and not as_json
    scanned = _directory.Directory.scan(directory, scheme, ignore, protect, include, keep, sha256=is_report)
    catalog = scanned.catalog()
    _directory.require_releases(catalog, directory, scheme)
    request: dict[str, Any] = {
        "current": current,
        "firmware_version": firmware_version,
        "target": target,
        "allow_downgrade": allow_downgrade,
    }
    if is_report:
        options = {"base_url": base_url, "generation": generation, "time": time}
        text, findings = _report.write(chosen[0], catalog, scanned.listing, directory, request, **options)
        _say_errors(catalog, findings)
        sys.stdout.buffer.write(text.encode())
        return
    found = catalog.plan(**request)
    _say_errors(catalog, _findings(catalog, directory, current, target))
    if as_json:
        print_json(None if found is None else found.to_dict())
        return
    if found is None:
        print("nothing to do")
        return
    patches = {patch["file"]: size_of(patch["size"]) for patch in found.to_dict().get("patches", ())}
    table = new_table("action", "path", "size >", *(["patch >"] if patches else []), "sha1")

    def row(action: str, path: str, size: str = "", patch: str = "", digest: str = "") -> None:
        table.add_row(action, shown(path), size, *([patch] if patches else []), digest)

    for path in found.delete:
        row("delete", path)
    for action, files in (("new", found.new), ("update", found.update)):
        for file in files:
            row(action, file.path, size_of(file.size), patches.get(file.path, ""), file.sha1)
    if found.firmware is not None:
        row("flash", found.firmware.path, size_of(found.firmware.size), patches.get(None, ""), found.firmware.sha1)
    print_tables(table)
    print(
        f"{found.previous_version or 'nothing'} -> {found.version}: {len(found.delete)} deleted, {len(found.new)} new, "
        f"{len(found.update)} updated, {size_of(found.download_size)} to download"
        + (f", {size_of(found.patched_size)} with patches" if patches else "")
    )


@commands.command()
def check(
    directory: Directory,
    current: Annotated[
        list[str],
        typer.Option("--from", metavar="VERSION", help="A version that devices are on; may be repeated."),
    ] = [],  # noqa: B006
    mount: Annotated[
        list[str], typer.Option("--mount", metavar="NAME", help="A mount point of the devices; may be repeated.")
    ] = [],  # noqa: B006
    flash_size: Annotated[
        Optional[int],
        typer.Option("--flash-size", min=1, max=MAX_FLASH_SIZE, metavar="BYTES", help="The file system at flash/."),
    ] = None,
    fail_on: Annotated[Level, typer.Option("--fail-on", help="Exit with 1 from this on.")] = Level.error,
    as_json: JsonOption = False,
    scheme: SchemeOption = Scheme.loose,
    ignore: IgnoreOption = [],  # noqa: B006
    protect: ProtectOption = [],  # noqa: B006
    include: IncludeOption = [],  # noqa: B006
    keep: KeepOption = [],  # noqa: B006
) -> None:
    """Say what a careful colleague would before a release goes out; check.toml in DIR has settings."""
    catalog = _catalog(directory, scheme, ignore, protect, include, keep)
    findings = _check.check(
        catalog, directory, current, mounts=list(dict.fromkeys(mount)) or None, flash_size=flash_size
    )
    if as_json:
        print_json([_check.plain(finding) for finding in findings])
    else:
        table = new_table("level", "path", "code", "what", "advice")
        for finding in findings:
            table.add_row(
                finding.level, shown(finding.path), finding.code, shown(finding.message), shown(finding.advice)
            )
        print_tables(table)
    if not catalog.releases:
        raise _directory.no_releases(catalog, findings, directory, scheme)
    levels = list(Level)
    counts = {level: sum(finding.level == level.value for finding in findings) for level in levels}
    summary = ", ".join(f"{count} {level.value}{'' if count == 1 else 's'}" for level, count in counts.items())
    if any(counts[level] for level in levels[: levels.index(fail_on) + 1]):
        raise CommandError(CHECK_FAILED, "check_failed", summary)
    if not as_json:
        print(summary)


@commands.command()
def inspect(
    directory: Directory,
    checked: CheckedOption = False,
    signed_only: SignedOnlyOption = False,
    as_json: JsonOption = False,
    scheme: SchemeOption = Scheme.loose,
    ignore: IgnoreOption = [],  # noqa: B006
    protect: ProtectOption = [],  # noqa: B006
    include: IncludeOption = [],  # noqa: B006
    keep: KeepOption = [],  # noqa: B006
) -> None:
    """Show the releases and firmware images of a directory, and what is ignored and why."""
    documents = _signing.documents(directory) if checked or signed_only else {}
    offer = _offer(directory, scheme, ignore, protect, include, keep, signed_by=documents if signed_only else None)
    catalog = offer(())
    if checked:
        settings = _check.Settings(_check.settings(directory))
        catalog, _, found = _check.without_errors(offer, directory, settings, documents)
        _directory.complain_of(found.errors)
    # What devices on each release fetch to get to the highest, without and with patches.
    plans = [catalog.plan(release.version) for release in catalog.releases]
    updates = [(0, 0) if plan is None else (plan.download_size, plan.patched_size) for plan in plans]
    if as_json:
        print_json(
            {
                "releases": [
                    {
                        "version": of.version,
                        "files": len(of),
                        "size": of.size,
                        "download_size": full,
                        "patched_size": patched,
                    }
                    for of, (full, patched) in zip(catalog.releases, updates)
                ],
                "firmware": [
                    {"path": of.path, "version": of.version, "size": of.size, "sha1": of.sha1}
                    for of in catalog.firmware
                ],
                "ignored": [_check.reason(notice) for notice in catalog.ignored],
                "warnings": [_check.reason(notice) for notice in catalog.warnings],
            }
        )
        return
    has_patches = any(patched < full for full, patched in updates)
    releases = new_table("release", "files >", "size >", *(["update >", "with patches >"] if has_patches else []))
    for release, update in zip(catalog.releases, updates):
        sizes = map(size_of, update) if has_patches else ()
        releases.add_row(release.version, str(len(release)), size_of(release.size), *sizes)
    firmware = new_table("firmware", "image", "size >", "sha1")
    for image in catalog.firmware:
        firmware.add_row(image.version, shown(image.path), size_of(image.size), image.sha1)
    ignored, warnings = new_table("ignored", "code", "because"), new_table("warning", "code", "because")
    for table, notices in ((ignored, catalog.ignored), (warnings, catalog.warnings)):
        for notice in notices:
            table.add_row(shown(notice.path), notice.code, shown(notice.message))
    print_tables(releases, firmware, ignored, warnings)
    print(f"{len(catalog.releases)} releases, {len(catalog.firmware)} firmware images")


@commands.command()
def verify(
    document: Annotated[
        str, typer.Argument(metavar="[MANIFEST]", help="A manifest, - for standard input; without one, what is signed.")
    ],
    directory: Annotated[Optional[str], typer.Argument(metavar="DIR", help="Directory of releases.")] = None,
    keys: Annotated[
        Optional[str],
        typer.Option("--keys", metavar="FILE", help="The keys that devices have; by default the first in DIR."),
    ] = None,
    as_json: JsonOption = False,
    scheme: SchemeOption = Scheme.loose,
    ignore: IgnoreOption = [],  # noqa: B006
    protect: ProtectOption = [],  # noqa: B006
    include: IncludeOption = [],  # noqa: B006
    keep: KeepOption = [],  # noqa: B006
) -> None:
    """Check who signed the releases and images of a directory, and that they are still what was signed.

    With a manifest, check that every file of it is in the directory, with its size and hash.
    """
    if directory is None:
        _signing_commands.verify(document, keys, scheme, ignore, protect, include, keep, as_json=as_json)
    else:
        _verify_manifest(document, directory, as_json)


def _verify_manifest(document: str, directory: str, as_json: bool) -> None:
    try:
        data = sys.stdin.buffer.read() if document == "-" else _read(document)
    except OSError as error:
        raise CommandError(WRONG_USAGE, "manifest_unread", f"cannot read {document}: {error.strerror}") from None
    if data.strip() == b"null":
        # The document for a device that is up to date.
        if as_json:
            print_json({"checked": 0, "problems": []})
        else:
            print("0 files match")
        return
    try:
        wanted = Manifest.parse(data)
    except AirwaybillError as error:
        raise CommandError(CHECK_FAILED, error.code, str(error)) from None
    with progress_bar("hashing") as progress:
        listing = Listing.scan(directory, progress=progress)
    report = verify_content(wanted, listing)
    if as_json:
        print_json(report.to_dict())
    for problem in () if as_json else report.problems:
        print(f"{problem.kind}: {shown(problem.path)}: {compared(problem.expected, problem.found)}")
    if not report.ok:
        raise CommandError(
            CHECK_FAILED, "verify_failed", f"{len(report.problems)} of {report.checked} files are missing or different"
        )
    if not as_json:
        print(f"{report.checked} files match")


@commands.command()
def record(
    directory: Directory,
    version: Annotated[str, typer.Argument(metavar="VERSION", help="The release on the device.", show_default=False)],
    output: Annotated[
        Optional[str], typer.Option("--output", metavar="FILE", help="Write to this file, all or nothing.")
    ] = None,
    scheme: SchemeOption = Scheme.loose,
    ignore: IgnoreOption = [],  # noqa: B006
    protect: ProtectOption = [],  # noqa: B006
    include: IncludeOption = [],  # noqa: B006
    keep: KeepOption = [],  # noqa: B006
) -> None:
    """Print waybill/files for a device that is delivered with a release: what an update may delete later."""
    text = _record.record(_catalog(directory, scheme, ignore, protect, include, keep), directory, version)
    if output is None:
        sys.stdout.buffer.write(text)
    else:
        write(output, text)


def main() -> NoReturn:
    """The entry point of the ``airwaybill`` command."""
    for closed in ("stdout", "stderr"):
        if getattr(sys, closed) is None:
            setattr(sys, closed, open(os.devnull, "w"))  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.exit(run(sys.argv[1:] or ["--help"]))


def run(arguments: Sequence[str]) -> int:
    """Runs a command and returns its exit code; errors go to stderr."""
    # The class of usage errors depends on typer's version; this is their base in all of them.
    usage_error: Any = typer.BadParameter.__mro__[1]
    arguments = [re.sub("^--versions(?==|$)", "--scheme", argument) for argument in arguments]
    try:
        result = typer.main.get_command(commands).main(arguments, "airwaybill", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except CommandError as error:
        return _fail(error.exit_code, error.code, str(error))
    except AirwaybillError as error:
        return _fail(WRONG_USAGE, error.code, str(error))
    except BrokenPipeError:
        # The reader is gone. Python would fail again when it flushes stdout at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CHECK_FAILED
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _fail(CHECK_FAILED, "output_failed", str(error))
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except usage_error as error:
        return _fail(WRONG_USAGE, "usage", error.format_message())


def _fail(exit_code: int, code: str, message: str) -> int:
    complain(f"{code}: {shown(message)}")
    return exit_code


def _offer(
    directory: str, scheme: Scheme, *globs: Sequence[str], signed_by: Optional[dict[str, bytes]]
) -> Callable[[Sequence[str]], Catalog]:
    """The catalog of a directory, without the names that failed, and without what these documents do not sign."""
    found = _directory.Directory.scan(directory, scheme, *globs, sha256=signed_by is not None)
    unsigned: tuple[Notice, ...] = ()
    if signed_by is not None:
        unsigned = _signing.judge_to_serve(found.catalog(), found.listing, signed_by, _signing.now()).unsigned
    return lambda failed: found.catalog(failed=failed, unsigned=unsigned)


def _catalog(directory: str, scheme: Scheme, *globs: Sequence[str]) -> Catalog:
    return _directory.Directory.scan(directory, scheme, *globs).catalog()


def _releases(directory: str, scheme: Scheme, *globs: Sequence[str]) -> Catalog:
    """A catalog that has a release."""
    catalog = _catalog(directory, scheme, *globs)
    _directory.require_releases(catalog, directory, scheme)
    return catalog


def _findings(catalog: Catalog, directory: str, current: Optional[str], target: Optional[str]) -> list[Finding]:
    """Without ``current`` those of devices on the releases below: those are the ones that the release goes out to."""
    return _check.check(catalog, directory, () if current is None else (current,), target=target)


def _say_errors(catalog: Catalog, found: Iterable[Finding]) -> None:
    """What a device would refuse, what is held back, and that its own release is not here, a line each."""
    said = {"base_unknown", "base_held_back", *(notice.code for notice in catalog.held_back)}
    bad = (each for each in found if each.level == "error" or each.code in said)
    _directory.complain_of(map(_check.plain, bad))


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
