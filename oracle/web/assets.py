"""The files that pages load, all served from here: the folder `static`, what the report's pages share, and Plotly.

An address holds the hash of the file's content, so that a browser may keep what it got for ever.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse, Response

if TYPE_CHECKING:
    from starlette.requests import Request

FOLDER = Path(__file__).parent / "static"
REPORT = Path(__file__).parent.parent / "report"
SHARED = ("page.css", "plot.js")
"""Files of the report's pages that these pages use too, so that both look the same."""

PLOTLY = "plotly.min.js"
KEPT = "public, max-age=31536000, immutable"
"""Cache-Control of an address with the hash of what it holds; without, a browser asks again every time."""


def asset(name: str) -> str:
    """Return the address of a file.

    Raises:
        KeyError: there is no such file.
    """
    return f"/static/{name}?v={_digest(name)}"


def serve_asset(request: Request) -> Response:
    """Answer with a file."""
    name = request.path_params["file"]
    try:
        content, digest = _content(name), _digest(name)
    except KeyError:
        return PlainTextResponse("There is no such file.\n", 404)
    fresh = request.query_params.get("v") == digest
    headers = {"ETag": f'"{digest}"', "Cache-Control": KEPT if fresh else "no-cache", "Vary": "Accept-Encoding"}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        content, headers["Content-Encoding"] = _compressed(name), "gzip"
    kind = "text/javascript" if name.endswith(".js") else mimetypes.guess_type(name)[0]
    return Response(content, headers=headers, media_type=kind or "application/octet-stream")


def files() -> dict[str, Path]:
    """Return the files by name."""
    found = {path.name: path for path in sorted(FOLDER.iterdir()) if path.is_file() and not path.name.startswith(".")}
    spec = find_spec("plotly")  # without importing it
    if spec is None or spec.origin is None:
        raise ImportError("The pages need plotly, which is not installed.", name="plotly")
    shared = {name: REPORT / name for name in SHARED}
    return found | shared | {PLOTLY: Path(spec.origin).parent / "package_data" / PLOTLY}


@cache
def _content(name: str) -> bytes:
    return files()[name].read_bytes()


@cache
def _compressed(name: str) -> bytes:
    return gzip.compress(_content(name), 6, mtime=0)


@cache
def _digest(name: str) -> str:
    return hashlib.sha256(_content(name)).hexdigest()[:16]
