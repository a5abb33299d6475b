"""`scyc serve`."""

from __future__ import annotations

import ipaddress
import secrets
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oracle.api.defaults import database_url
from oracle.api.errors import InputError, StudyError, StudyUnavailable
from oracle.cli.app import RESULTS, DatabaseUrl, app
from oracle.cli.speaking import out, say
from scyc.text import read_text

if TYPE_CHECKING:
    from studies import Store

SHORTEST = 16  # characters of a token


@app.command(rich_help_panel=RESULTS)
def serve(
    db: DatabaseUrl = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on. If other machines can reach it, visitors need a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 picks a free one.")] = 8000,
    token_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="File whose first line is the token. Default: if a token is needed, a new one is made and shown.",
            show_default=False,
        ),
    ] = None,
    allow_writes: Annotated[
        bool, typer.Option("--allow-writes", help="Let visitors start, stop, extend and delete studies.")
    ] = False,
    allow_host: Annotated[
        list[str],
        typer.Option(
            metavar="NAME",
            help="Another name under which visitors reach the service, such as that of a proxy; may be repeated.",
            show_default=False,
        ),
    ] = [],  # noqa: B006 - typer copies it
    allow: Annotated[
        list[str],
        typer.Option(
            metavar="WHAT",
            help="An import path, a command or a folder that the spec of a visitor's study may name; may be repeated.",
            show_default=False,
        ),
    ] = [],  # noqa: B006
    artifacts: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Where the weights of visitors' studies go. Default: beside the database.",
            show_default=False,
        ),
    ] = None,
    ray_address: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help=(
                "URL of a Ray cluster's dashboard, http://HEAD:8265: visitors' studies are trained there, as jobs. "
                "Default: on this machine."
            ),
            show_default=False,
        ),
    ] = None,
) -> None:
    """Show a database's studies in a browser, and follow sweeps. Nothing can be changed without --allow-writes."""
    try:
        from oracle.api.launching import Launcher
        from oracle.web import application
        from oracle.web.server import serve as run
    except ImportError as error:
        raise InputError(
            f"`scyc serve` needs {error.name}, which is not installed; install it with `pip install 'scyc[web]'`."
        ) from error

    if (allow or artifacts or ray_address) and not allow_writes:
        raise InputError(
            "--allow, --artifacts and --ray-address are for studies that visitors start; add --allow-writes, or leave "
            "them out."
        )
    token, db = _token(token_file, host), database_url(db)
    with _open(db) as store, _listen(host, port) as listener:
        place = f"[{host}]" if ":" in host else host
        say(out, f"The studies are at http://{place}:{listener.getsockname()[1]}/ (press Ctrl-C to stop).")
        if token and token_file is None:
            say(out, f"Visitors sign in with this token: {token}")
        launcher = Launcher(db, artifacts, ray_address=ray_address, allowed=allow) if allow_writes else None
        service = application(store, db, launcher=launcher, token=token, hosts=[*_names(host), *allow_host])
        run(service, listener)


def _names(host: str) -> list[str]:
    """Return the names that an address to listen on goes by: its own, and this machine's if others can reach it."""
    if _is_own(host):
        return [host]
    name = socket.gethostname()
    return [host, name, f"{name}.local", socket.getfqdn()]


def _open(url: str) -> Store:
    """Open the database for reading only; create it, empty, if it does not exist."""
    from studies import Store

    try:
        return Store.open(url, read_only=True)
    except StudyUnavailable:
        raise
    except StudyError:
        with Store.open(url):
            pass
        return Store.open(url, read_only=True)


def _token(path: Path | None, host: str) -> str | None:
    """Return the token that visitors need; None if they need none.

    Raises:
        InputError: the file cannot be read, or its token is too short to be safe.
    """
    if path is None:
        return None if _is_own(host) else secrets.token_urlsafe(32)
    try:
        token = read_text(path).partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"The token file {path} cannot be read ({error}); give a text file whose first line is the token."
        ) from error
    if not (token.isascii() and token.isprintable()):
        raise InputError(
            f"The token in {path} holds a character that a browser cannot send; use letters, digits and signs of ASCII."
        )
    if len(token) < SHORTEST:
        raise InputError(
            f"The token in {path} has {len(token)} characters, but it needs at least {SHORTEST}; "
            "`openssl rand -hex 32` makes a good one."
        )
    return token


def _is_own(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        InputError: the address is not this machine's, or the port is taken.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise InputError(
            f"The server cannot listen on {host}:{port} ({error.strerror}); choose another --host or --port."
        ) from error
