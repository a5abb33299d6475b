"""What `make check` leaves out it leaves out by marks: a test that is not marked gets nowhere."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from oracle.report.comparison import plates
from oracle.report.comparison.images import NoImagesError, write_images
from tests.oracle.report.comparisons import full

if TYPE_CHECKING:
    from pathlib import Path

    from tests.studies.server import Server


def test_ray_is_not_started() -> None:
    import ray

    handler = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(ModuleNotFoundError, match="only_tests_marked"):
            ray.init("local", num_cpus=1, include_dashboard=False)
    finally:
        signal.signal(signal.SIGTERM, handler)


def test_ray_is_not_started_by_its_command_either() -> None:
    from click.testing import CliRunner
    from ray.scripts.scripts import cli

    ended = CliRunner().invoke(cli, ["start", "--head", "--num-cpus=0", "--include-dashboard=false"])
    assert isinstance(ended.exception, ModuleNotFoundError)
    assert "only_tests_marked" in str(ended.exception)


def test_no_server_is_given(request: pytest.FixtureRequest) -> None:
    with pytest.raises(pytest.fail.Exception, match="Only tests marked `postgres`"):
        request.getfixturevalue("server")


def test_the_server_is_not_stopped(server: Server) -> None:
    with pytest.raises(AssertionError, match="Only tests marked `faults`"):
        server.stop()


def test_no_figure_is_written_by_a_browser(tmp_path: Path) -> None:
    with pytest.raises(NoImagesError):
        write_images(plates(full()), tmp_path)
