"""What other people's code does to the process ends with the fence around it."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch

from scyc.errors import InputError
from scyc.fence import fenced
from scyc.settings import same_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def stdout_in(file: Path) -> Iterator[None]:
    """Lead standard output into a file, by a stream that may be closed: pytest's may not."""
    kept = os.dup(1)
    with file.open("w") as opened, pytest.MonkeyPatch.context() as patched:
        os.dup2(opened.fileno(), 1)
        patched.setattr(sys, "stdout", os.fdopen(1, "w", closefd=False))
        yield
        sys.stdout.flush()
    os.dup2(kept, 1)
    os.close(kept)


@pytest.mark.parametrize(
    "misdeed",
    [
        lambda: sys.stdout.close(),
        lambda: os.close(1),
        lambda: os.dup2(2, 1),
        lambda: setattr(sys, "stdout", None),
        lambda: (sys.stdout.close(), os.close(1), 1 / 0),  # type: ignore[func-returns-value]
    ],
    ids=["closed", "closed below", "led elsewhere", "taken away", "closed, then raised"],
)
def test_what_is_printed_after_it_arrives(misdeed: Callable[[], object], tmp_path: Path) -> None:
    with stdout_in(tmp_path / "out"):
        with suppress(ZeroDivisionError), fenced("mine"):
            misdeed()
        print("after")
    assert (tmp_path / "out").read_text() == "after\n"


def test_the_working_folder_is_the_same_even_if_it_has_another_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with fenced("mine"):
        os.chdir("/")
        (tmp_path / "here").rename(tmp_path / "there")
    assert Path.cwd() == tmp_path / "there"


def test_filters_and_handlers_are_the_same() -> None:
    filters, handlers = list(warnings.filters), [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
    with fenced("mine"):
        warnings.simplefilter("ignore")
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: None)
    assert warnings.filters == filters
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == handlers


@pytest.mark.parametrize("code", [0, 3, None, "bye"])
def test_the_end_of_the_process_is_an_error(code: object) -> None:
    with pytest.raises(InputError, match=rf"'mine' wanted to end the process \(SystemExit: {code}\)"), fenced("mine"):
        raise SystemExit(code)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_other_exceptions_pass(error: type[BaseException]) -> None:
    with pytest.raises(error), fenced("mine"):
        raise error


@pytest.mark.parametrize("raises", [False, True])
def test_a_forked_process_does_not_come_out(raises: bool) -> None:
    reader, writer = os.pipe()
    with fenced("mine"):
        forked = os.fork()
        if forked == 0 and raises:
            raise ValueError
    os.write(writer, b"x")
    os.waitpid(forked, 0)
    os.close(writer)
    assert os.read(reader, 10) == b"x"
    os.close(reader)


def test_settings_of_pytorch_are_the_same() -> None:
    with same_settings():
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        torch.set_float32_matmul_precision("medium")
        torch.use_deterministic_algorithms(True)
        torch.set_default_device("meta")
    assert torch.get_default_dtype() == torch.float32
    assert torch.is_grad_enabled()
    assert torch.get_float32_matmul_precision() == "highest"
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.ones(1).device.type == "cpu"
