"""``airwaybill serve``, and the same settings for any other server."""

# typer evaluates the annotations, which under Python 3.9 must not be strings: no `from __future__ import annotations`.

import errno
import functools
import logging
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Optional

import typer

from airwaybill import AirwaybillError
from airwaybill._options import (
    CHECK_FAILED,
    WRONG_USAGE,
    CheckedOption,
    CommandError,
    DstPaths,
    DstPathsOption,
    IgnoreOption,
    IncludeOption,
    KeepOption,
    ProtectOption,
    Scheme,
    SchemeOption,
    SettleOption,
    SignedOnlyOption,
    variable,
)
from airwaybill._terminal import complain, progress_bar

if TYPE_CHECKING:
    from airwaybill.server import App

MOST_WORKERS = 64


def _count_of_workers(text: str) -> int:
    try:
        count = int(text)
    except ValueError:
        count = 0
    if not 1 <= count <= MOST_WORKERS:
        rule = f"expected a whole number from 1 to {MOST_WORKERS}; more than one for each core gain nothing"
        raise typer.BadParameter(f"{text!r}: {rule}")
    return count


def serve(
    directory: Annotated[
        str, typer.Argument(metavar="[DIR]", envvar=variable("DIR"), help="Directory of releases.")
    ] = ".",
    host: Annotated[str, typer.Option(envvar=variable("HOST"), help="Address to listen on.")] = "0.0.0.0",
    port: Annotated[
        int,
        typer.Option(min=0, max=65535, envvar=variable("PORT"), help="Port to listen on; 0 lets the system choose."),
    ] = 8000,
    uds: Annotated[
        Optional[str],
        typer.Option("--uds", metavar="PATH", envvar=variable("UDS"), help="Listen on a Unix socket instead."),
    ] = None,
    workers: Annotated[
        int,
        typer.Option(
            parser=_count_of_workers, metavar="N", envvar=variable("WORKERS"), help="Answer from so many processes."
        ),
    ] = 1,
    base_url: Annotated[
        Optional[str],
        typer.Option(
            "--base-url",
            metavar="URL",
            envvar=variable("BASE_URL"),
            help="Start of every URL; by default from the Host header.",
        ),
    ] = None,
    dst_paths: DstPathsOption = DstPaths.relative,
    scheme: SchemeOption = Scheme.loose,
    ignore: IgnoreOption = [],  # noqa: B006
    protect: ProtectOption = [],  # noqa: B006
    include: IncludeOption = [],  # noqa: B006
    keep: KeepOption = [],  # noqa: B006
    checked: CheckedOption = False,
    signed_only: SignedOnlyOption = False,
    serve_other: Annotated[
        bool,
        typer.Option(
            "--serve-other",
            envvar=variable("SERVE_OTHER"),
            help="Send the other files of DIR too, but for hidden ones.",
        ),
    ] = False,
    preview: Annotated[
        bool,
        typer.Option(
            "--preview/--no-preview", envvar=variable("PREVIEW"), help="Show the release preview to browsers."
        ),
    ] = True,
    embed_origin: Annotated[
        list[str],
        typer.Option(
            "--embed-origin",
            metavar="ORIGIN",
            envvar=variable("EMBED_ORIGIN"),
            help="Let pages of this origin, https://tools.example, show the preview and read; may be repeated.",
        ),
    ] = [],  # noqa: B006
    settle: SettleOption = 10.0,
    immutable: Annotated[
        bool,
        typer.Option(
            "--immutable",
            envvar=variable("IMMUTABLE"),
            help="Releases never change: caches may keep files for a year, otherwise a minute.",
        ),
    ] = False,
    delta: Annotated[
        bool,
        typer.Option(
            "--delta/--no-delta",
            envvar=variable("DELTA"),
            help="Make patches to the highest release, in DIR/delta, when nothing else is to be done.",
        ),
    ] = True,
    cache: Annotated[
        Optional[str],
        typer.Option(
            "--cache",
            metavar="DIR",
            envvar=variable("CACHE"),
            help="Keep digests here for the next start.",
            show_default="~/.cache/airwaybill",
        ),
    ] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", envvar=variable("NO_CACHE"), help="Hash everything at each start.")
    ] = False,
    trusted_proxy: Annotated[
        list[str],
        typer.Option(
            "--trusted-proxy",
            metavar="ADDRESS",
            envvar=variable("TRUSTED_PROXY"),
            help="Trust X-Forwarded-* from this address or network, or from the Unix socket (unix); may be repeated.",
        ),
    ] = [],  # noqa: B006
    root_path: Annotated[
        str,
        typer.Option(
            "--root-path",
            metavar="PATH",
            envvar=variable("ROOT_PATH"),
            help="The path that a proxy takes off, if it does not send it as X-Forwarded-Prefix.",
        ),
    ] = "",
) -> None:
    """Serve manifests and files to devices.

    The access log goes to stdout, one JSON object per line; what is offered, held back or wrong to stderr.
    """
    settings = dict(locals())
    from airwaybill.server.run import listen, listen_at, listen_beside, run, urls_of

    logging.basicConfig(level=logging.WARNING, format="airwaybill: %(message)s", stream=sys.stderr)
    logging.getLogger("airwaybill").setLevel(logging.INFO)
    app = app_of(settings, sys.stdout.buffer)
    try:
        os.scandir(directory).close()
    except OSError as error:
        raise AirwaybillError("root_invalid", f"{directory}: {error.strerror}") from None
    try:
        listener = listen(host, port) if uds is None else listen_at(uds)
    except (OSError, UnicodeError) as error:
        where = f"{host}:{port}" if uds is None else uds
        raise CommandError(WRONG_USAGE, "address_unavailable", f"cannot listen on {where}: {error}") from None

    urls = urls_of(listener)

    def follow(follower: "App") -> bool:
        return run(follower, listen_beside(listener), lambda: None, follower.trusts)

    with ExitStack() as ending, ExitStack() as starting:
        if uds is not None:
            ending.callback(Path(uds).unlink, missing_ok=True)
        try:
            app.fork(workers - 1, follow)
        except OSError as error:
            message = f"cannot start {workers} processes, as --workers says: {error.strerror}; give a lower number"
            raise CommandError(WRONG_USAGE, "workers_unavailable", message) from None
        app.releases.progress = starting.enter_context(progress_bar("hashing"))

        def announce() -> None:
            app.releases.progress = None
            starting.close()
            complain(f"serving {directory} at {', '.join(urls)}", prefix="")

        if not run(app, listener, announce, app.trusts, app.followers):
            raise CommandError(CHECK_FAILED, "server_failed", "the server exited unexpectedly")


def app_of(settings: dict[str, Any], access_log: Optional[BinaryIO] = None) -> "App":
    """The application for the parameters of ``serve``."""
    from airwaybill.server import create_app

    globs = ("ignore", "protect", "include", "keep")
    same = ("base_url", *globs, "checked", "signed_only", "serve_other", "preview", "settle", "immutable", "delta")
    try:
        return create_app(
            settings["directory"],
            **{name: settings[name] for name in same},
            dst_paths=settings["dst_paths"].value,
            scheme=settings["scheme"].value,
            embed_origins=settings["embed_origin"],
            trusted_proxies=settings["trusted_proxy"],
            root_path=settings["root_path"],
            cache=None if settings["no_cache"] else _cache(settings["cache"]),
            access_log=access_log,
        )
    except AirwaybillError:
        raise
    except NotImplementedError as error:
        raise CommandError(WRONG_USAGE, "platform_unsupported", str(error)) from None
    except ValueError as error:
        raise CommandError(WRONG_USAGE, "proxy_invalid", str(error)) from None


def from_environment() -> "App":
    """The application for the environment variables of ``serve``."""

    @functools.wraps(serve)
    def make(**settings: Any) -> "App":
        return app_of(settings)

    command = typer.Typer(add_completion=False)
    command.command()(make)
    try:
        app: App = typer.main.get_command(command).main([], "airwaybill", standalone_mode=False)
    except typer.BadParameter as error:
        raise AirwaybillError("usage", error.format_message()) from None
    except CommandError as error:
        raise AirwaybillError(error.code, str(error)) from None
    return app


def _cache(given: Optional[str]) -> Optional[str]:
    """The directory for digests; without ``given`` the user's own, which need not be there or be writable."""
    if given is None:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
        return os.path.join(base, "airwaybill") if os.path.isabs(base) else None
    try:
        os.makedirs(given, mode=0o700, exist_ok=True)
        if not os.access(given, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        message = f"cannot keep digests in {given}: {error.strerror}"
        raise CommandError(WRONG_USAGE, "cache_unusable", message) from None
    return given
