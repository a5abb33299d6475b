"""Files that take the place of former ones only when they are whole."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from oracle.study.writing import UNFINISHED, replacing, write_text, writing
from scyc import InputError
from tests.oracle.disks import full_disk
from tests.studies.permissions import sealed

if TYPE_CHECKING:
    from pathlib import Path

FORMER = "the former file"


def alone(path: Path) -> bool:
    """Whether nothing else lies beside a file."""
    return [other.name for other in path.parent.iterdir()] == [path.name]


def test_a_file_takes_the_former_ones_place_and_its_rights(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(FORMER)
    path.chmod(0o640)
    write_text("é", path)
    assert path.read_bytes() == "é".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert alone(path)


def test_a_new_file_has_the_usual_rights_and_its_folder_is_made(tmp_path: Path) -> None:
    path, usual = tmp_path / "a" / "b" / "page.html", tmp_path / "usual"
    usual.touch()
    write_text("new", path)
    assert path.stat().st_mode == usual.stat().st_mode
    assert alone(path)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_writer_that_raises_leaves_the_former_file(error: type[BaseException], tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(FORMER)

    def write() -> None:
        with replacing(path) as fresh:
            fresh.write_text("ha")
            raise error

    with pytest.raises(error):
        write()
    assert path.read_text() == FORMER
    assert alone(path)


def test_a_writer_that_is_killed_leaves_the_former_file(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(FORMER)
    script = (
        "import os, sys; from pathlib import Path; from oracle.study.writing import replacing\n"
        "with replacing(Path(sys.argv[1])) as fresh:\n"
        "    fresh.write_text('ha'); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", script, str(path)]).returncode == -signal.SIGKILL
    assert path.read_text() == FORMER
    assert len([*tmp_path.glob(UNFINISHED)]) == 1
    write_text("whole", path)
    assert path.read_text() == "whole"


def test_a_full_disk_leaves_the_former_file_and_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(FORMER)
    said = r"page.html cannot be written \(File too large\); choose another place"
    with full_disk(), pytest.raises(InputError, match=said), writing(path):
        write_text("x" * 5000, path)
    assert path.read_text() == FORMER
    assert alone(path)


def refused(path: Path, why: str) -> None:
    with (
        pytest.raises(InputError, match=rf"page.html cannot be written \({why}\); choose another place"),
        writing(path),
    ):
        write_text("new", path)


def test_a_folder_in_its_place_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "page.html").mkdir()
    refused(tmp_path / "page.html", "Is a directory")
    assert alone(tmp_path / "page.html")


def test_so_is_a_file_in_the_folders_place(tmp_path: Path) -> None:
    (tmp_path / "file").write_text(FORMER)
    refused(tmp_path / "file" / "page.html", "File exists|Not a directory")
    assert (tmp_path / "file").read_text() == FORMER


def test_so_is_a_folder_that_nobody_may_write_to(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "page.html"
    path.parent.mkdir()
    path.write_text(FORMER)
    tmp_path.chmod(0o755)
    with sealed(path.parent):
        refused(path, "Permission denied")
    assert path.read_text() == FORMER


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link, dangling = tmp_path / "there" / "page.html", tmp_path / "link", tmp_path / "dangling"
    target.parent.mkdir()
    target.write_text(FORMER)
    link.symlink_to(target)
    dangling.symlink_to("elsewhere/page.html")
    write_text("new", link)
    write_text("newer", dangling)
    assert link.is_symlink()
    assert dangling.is_symlink()
    assert (target.read_text(), (tmp_path / "elsewhere" / "page.html").read_text()) == ("new", "newer")
    assert alone(target)


def test_a_device_stays_a_device(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_text("through", pipe)
    assert os.read(reader, 100) == b"through"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
