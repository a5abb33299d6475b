"""Files and folders that cannot be written: one sentence, and exit code 2."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.oracle.cli.conftest import Ended

_FOLDERS = [("compare", "demo"), ("analyse", "demo"), ("studies", "export", "demo")]


@pytest.mark.usefixtures("swept")
@pytest.mark.parametrize("path", [".", "file/page.html", "/proc/page.html", "loop/page.html", "x" * 300])
def test_a_place_where_nothing_can_be_written(path: str, scyc: Callable[..., Ended], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    for ended in (
        scyc("report", "demo", "--out", path),
        *(scyc(*command, "--out", path) for command in _FOLDERS if path != "."),
    ):
        assert ended.code == 2
        assert re.fullmatch(r".* \(.*\); (choose|give) an?other .*\.\n", ended.err)
