"""Results that cannot be written leave the former ones: a report, a comparison with its figures, a page of figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oracle.api.writing import write_comparison, write_page
from oracle.comparison import compare_study
from oracle.report import render
from oracle.report.comparison import images
from oracle.results.study_view import view_study
from scyc import InputError
from tests.oracle.disks import full_disk
from tests.oracle.simulation import Laboratory, small_spec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import Any


@pytest.fixture(scope="module")
def lab() -> Iterator[Laboratory]:
    with Laboratory(small_spec(levels=4)) as lab:
        yield lab.finish()


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_a_report(lab: Laboratory, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text("former")
    with full_disk(), pytest.raises(InputError, match=r"report.html cannot be written \(File too large\)"):
        write_page(render(view_study(lab.store, "s")), page)
    assert contents(tmp_path) == {"report.html": "former"}


def test_a_comparison(lab: Laboratory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "nothing"))
    former = {"comparison.json": "former", "report.html": "former", "figures/fit.png": "former"}
    for name, text in former.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    comparison, view = compare_study(lab.store, "s"), view_study(lab.store, "s")
    with full_disk(), pytest.raises(InputError, match=r"cannot be written \(File too large\)"):
        write_comparison(comparison, view, tmp_path)
    assert contents(tmp_path) == former
    assert "install one" in (write_comparison(comparison, view, tmp_path) or "")
    assert contents(tmp_path).keys() == {"comparison.json", "report.html"}  # the figures were another comparison's


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_figures(error: Any, lab: Laboratory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def draw(orders: Sequence[dict[str, Any]]) -> None:
        orders[0]["path"].write_text("half")
        raise error

    monkeypatch.setattr(images, "_session", draw)
    (tmp_path / "fit.png").write_text("former")
    (tmp_path / "old.png").write_text("not ours")
    with pytest.raises((KeyboardInterrupt, OSError)):
        images.write_images(images_of(lab), tmp_path)
    assert contents(tmp_path) == {"fit.png": "former", "old.png": "not ours"}


def images_of(lab: Laboratory) -> Any:
    from oracle.report.comparison import plates

    return plates(compare_study(lab.store, "s"))
