"""Every command that is suggested opens the same database, wherever below the command line it is suggested."""

from __future__ import annotations

import html
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.oracle.cli.conftest import Ended

URL = "sqlite:///other one.db"


@pytest.fixture
def elsewhere(swept: None, tmp_path: Path) -> None:
    """The study `demo` in a database that is not the usual one, under a name to be quoted."""
    (tmp_path / "scyc.db").rename(tmp_path / "other one.db")


def suggested(text: str) -> list[list[str]]:
    """The words of each command in backticks, as a shell reads them."""
    return [shlex.split(one) for one in re.findall(r"`(scyc [^`]+)`", text)]


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize(
    ("command", "hint"),
    [
        (("sweep", "--name", "demo", "--set", "levels=9"), ["resume", "demo"]),
        (("analyse", "demo", "--run", "nobody"), ["run", "demo"]),
        (("compare", "demo", "--schedules", "range-test"), ["run", "demo", "--schedule", "range-test"]),
        (("resume", "demo", "--executor", "inline"), ["show", "demo"]),
        (("watch", "demo"), ["show", "demo"]),
        (("studies", "export", "demo", "--out", "x"), None),
    ],
    ids=lambda given: " ".join(given or ["none"]),
)
def test_a_command_names_the_database(
    command: tuple[str, ...], hint: list[str] | None, scyc: Callable[..., Ended]
) -> None:
    ended = scyc(*command, "--db", URL)
    hints = suggested(ended.out + ended.err)
    assert hint is None or ["scyc", *hint, "--db", URL] in hints, ended
    assert all(words[-2:] == ["--db", URL] for words in hints)


@pytest.mark.usefixtures("elsewhere")
def test_an_import_and_a_page_do_too(scyc: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROWSER_PATH", "/nothing")
    assert scyc("studies", "export", "demo", "--out", "x", "--db", URL).code == 0
    ended = scyc("studies", "import", "x", "--name", "my copy", "--db", URL)
    assert suggested(ended.out) == [["scyc", "resume", "my copy", "--db", URL]]
    assert scyc("compare", "demo", "--out", "c", "--db", URL).code == 0
    page = html.unescape(re.sub(r"</?code>", "`", Path("c/report.html").read_text()))
    hints = suggested(page)
    assert ["scyc", "run", "demo", "--db", URL] in hints
    assert all(words[-2:] == ["--db", URL] for words in hints)


@pytest.mark.usefixtures("elsewhere")
def test_where_it_is_the_usual_one_it_goes_without_saying(
    scyc: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCYC_DB", URL)
    assert suggested(scyc("watch", "demo").out) == [["scyc", "show", "demo"]]
