"""The files that pages load."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

import plotly
import pytest

from oracle.web import application
from oracle.web.assets import asset, files
from studies import Store
from tests.oracle.web.asking import ask
from tests.oracle.web.serving import served

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def there() -> Iterator[str]:
    with Store.open("sqlite://") as store, served(application(store)) as address:
        yield address


def test_a_file_may_be_kept_for_ever_under_the_hash_of_its_content(there: str) -> None:
    for name in files():
        fresh, stale, bare = (ask(there + path) for path in (asset(name), f"/static/{name}?v=0", f"/static/{name}"))
        assert fresh.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert stale.headers["Cache-Control"] == bare.headers["Cache-Control"] == "no-cache"
        assert fresh.text == bare.text == files()[name].read_text(encoding="utf-8")
        assert ask(f"{there}/static/{name}", If_None_Match=bare.headers["ETag"]).status == 304


def test_plotly_comes_from_its_own_package_compressed(there: str) -> None:
    own = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    with urlopen(Request(there + asset("plotly.min.js"), headers={"Accept-Encoding": "gzip"}), timeout=20) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers["Content-Type"].startswith("text/javascript")
        body = answer.read()
    assert len(body) < own.stat().st_size / 2
    assert gzip.decompress(body) == own.read_bytes()


@pytest.mark.parametrize("name", ["..%2fpages.py", "%2e%2e%2fpages.py", "../pages.py", "nothing.js", "%00", ".hidden"])
def test_nothing_else_is_there(name: str, there: str) -> None:
    assert ask(f"{there}/static/{name}").status == 404
