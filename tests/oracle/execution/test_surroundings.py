"""What Ray needs where there is no home, nothing can be written, or the temporary folder has a long path."""

from __future__ import annotations

import logging
import os
import tempfile
import warnings
from pathlib import Path

import pytest

from oracle.execution import surroundings
from oracle.execution.surroundings import LONGEST, prepare, short_place, without_hints
from scyc import InputError


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment without a token, in which the home is an empty folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"):
        monkeypatch.setenv(name, "")  # so that it is put back
        monkeypatch.delenv(name)
    return monkeypatch


def test_a_home_that_can_be_written_to_is_left_to_ray(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    prepare()
    assert "RAY_AUTH_TOKEN" not in os.environ
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("home", ["/nonexistent", "/proc", None])
def test_elsewhere_the_token_is_in_the_environment(bare: pytest.MonkeyPatch, home: str | None) -> None:
    bare.setattr(os, "access", lambda *_: False)  # root may write everywhere

    def nobody() -> Path:
        if "HOME" in os.environ:
            return Path(os.environ["HOME"])
        raise RuntimeError("Could not determine home directory.")

    bare.setattr(Path, "home", nobody)
    if home is None:
        bare.delenv("HOME")
    else:
        bare.setenv("HOME", home)
    prepare()
    assert len(os.environ["RAY_AUTH_TOKEN"]) == 64
    assert os.environ["HOME"] == home or "/nonexistent"


@pytest.mark.parametrize("name", ["RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH", None])
def test_a_token_of_ones_own_is_kept(bare: pytest.MonkeyPatch, tmp_path: Path, name: str | None) -> None:
    bare.setattr(os, "access", lambda *_: False)
    if name is None:
        (tmp_path / ".ray").mkdir()
        (tmp_path / ".ray" / "auth_token").write_text("mine")
    else:
        bare.setenv(name, "mine")
    before = dict(os.environ)
    prepare()
    assert dict(os.environ) == before


def chosen(monkeypatch: pytest.MonkeyPatch, place: Path) -> Path:
    """Where Ray's folders go if $TMPDIR is `place`."""
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return short_place()


@pytest.mark.parametrize(
    "name", ["slurm_jobdir/1355700/tmp.node0016/of/a/batch/system", "x" * 60, "ü" * 25], ids=["slurm", "long", "bytes"]
)
def test_a_long_temporary_folder_is_not_used(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / name).mkdir(parents=True)
    assert len(os.fsencode(chosen(monkeypatch, tmp_path / name))) <= LONGEST


def test_a_short_one_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(prefix="t-", dir="/tmp") as place:
        assert chosen(monkeypatch, Path(place)) == Path(place)


@pytest.mark.parametrize("place", ["/proc", "/nowhere at all", "/tmp/" + "x" * 100])
def test_where_there_is_none_a_sentence_says_what_to_set(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings, "_SHORT", (place,))
    monkeypatch.setattr(tempfile, "tempdir", place)
    with pytest.raises(InputError, match=r"set TMPDIR to a folder of at most \d+ characters"):
        short_place()
    monkeypatch.setattr(tempfile, "gettempdir", lambda: (_ for _ in ()).throw(FileNotFoundError(2, "No usable")))
    with pytest.raises(InputError, match="set TMPDIR"):
        short_place()


def test_hints_on_notebooks_are_not_shown_and_the_users_own_filters_stay(caplog: pytest.LogCaptureFixture) -> None:
    before = list(warnings.filters)
    with without_hints():
        warnings.warn("IProgress not found. Please update jupyter and ipywidgets.", UserWarning, stacklevel=1)
        with pytest.warns(UserWarning, match="something else"):
            warnings.warn("something else", UserWarning, stacklevel=1)
    assert warnings.filters == before
    with caplog.at_level(logging.INFO, logger="ray"):
        logging.getLogger("ray.widgets.util").info("Missing packages: ['ipywidgets'].")
    assert caplog.records == []
