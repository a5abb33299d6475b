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

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from studies import Store

SHORTEST = 16  # characters of a token


@app.command(rich_help_panel=RESULTS)
def serve(
    db: DatabaseUrl = None,
    host: Annotated[
        str, typer.Option(help="Address to listen at. Any but this machine's own asks visitors for a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen at; 0 for any that is free.")] = 8000,
    token_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A file whose first line is the token. Default: where one is needed, it is made up and shown.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Show the studies of a database in a browser, and follow sweeps. Nothing can be changed there."""
    try:
        import uvicorn

        from oracle.web import application
    except ImportError as error:
        raise InputError(
            f"`scyc serve` needs {error.name}, which is not installed; install it with `pip install 'scyc[web]'`."
        ) from error

    token, db = _token(token_file, host), database_url(db)
    with _open(db) as store, _listen(host, port) as listener:
        place = f"[{host}]" if ":" in host else host
        address = f"http://{place}:{listener.getsockname()[1]}/"
        made_up = f"?token={token}" if token and token_file is None else ""
        say(out, f"The studies are at {address}{made_up} until Ctrl-C.")
        config = uvicorn.Config(_guarded(application(store, db), token, place), log_level="warning", access_log=False)
        uvicorn.Server(config).run(sockets=[listener])


def _open(url: str) -> Store:
    """Return the database, to be read alone; one that is not there yet is made, empty."""
    from studies import Store

    try:
        return Store.open(url, read_only=True)
    except StudyUnavailable:
        raise
    except StudyError:
        with Store.open(url):
            pass
        return Store.open(url, read_only=True)


def _guarded(application: ASGIApp, token: str | None, host: str) -> ASGIApp:
    """Return the application behind its token; without one, only for pages that were asked for by this host's name.

    A page of another site could otherwise reach it through a name of its own that resolves to this machine.
    """
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    from oracle.web import require_token

    if token is not None:
        return require_token(application, token)
    return TrustedHostMiddleware(application, ["localhost", host])


def _token(path: Path | None, host: str) -> str | None:
    """Return the token that is asked for; None where none is.

    Raises:
        InputError: the file cannot be read, or what it holds is too short to keep anybody out.
    """
    if path is None:
        return None if _is_own(host) else secrets.token_urlsafe(32)
    try:
        token = path.read_text(encoding="utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The token cannot be read from {path} ({error}).") from error
    if len(token) < SHORTEST:
        raise InputError(
            f"The token in {path} has {len(token)} characters; it takes at least {SHORTEST}. `openssl rand -hex 32` "
            f"makes one."
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
        InputError: the address is not this machine's, or taken.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise InputError(f"{host}:{port} cannot be listened at ({error.strerror}); choose another --port.") from error
