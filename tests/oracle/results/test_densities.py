"""Wherever a density is shown, that of the whole network stands beside that of the prunable weights."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.console import Console

from oracle.api.html import study_html
from oracle.api.tables import curve
from oracle.cli.commands.show import _table
from oracle.cli.commands.watch import _picture
from oracle.report.finding import find
from oracle.report.page import render
from oracle.results.plain import to_json
from oracle.results.status import study_status
from oracle.results.study_view import StudyView, view_study
from oracle.spec.files import load_spec
from oracle.study.opening import open_study
from oracle.web.pages import page as web_page
from scyc.pruning.coverage import Coverage
from studies import Store
from tests.oracle.report import samples

PARTLY = Coverage(1_000, 400, {"rnn, Embedding": 500, "biases": 100})
USUAL = Coverage(1_000, 900, {"biases": 100})
WHOLE = Coverage(1_000, 1_000, {})


def view_of(coverage: Coverage | None) -> StudyView:
    view = samples.finished()
    return replace(view, status=replace(view.status, coverage=coverage))


def printed(what: object) -> str:
    console = Console(width=200)
    with console.capture() as caught:
        console.print(what)
    return caught.get()


def test_a_new_study_records_how_much_of_its_network_is_pruned() -> None:
    spec = load_spec(None, ["workload=digits/mlp-20", 'pruning.parameters=["0.weight"]'])
    with Store.open("sqlite://") as store:
        open_study(store, "new", spec, "memory://weights", recorded={"network": spec.protocol().coverage().to_dict()})
        open_study(store, "old", spec, "memory://weights")
        found = study_status(store, "new").coverage
        assert found == Coverage(1_510, 1_280, {"2, Linear": 200, "biases": 30})
        assert view_study(store, "new").status.coverage == found
        assert study_status(store, "old").coverage is None


@pytest.mark.parametrize("coverage", [PARTLY, USUAL])
def test_both_densities_are_shown_where_they_differ(coverage: Coverage) -> None:
    view = view_of(coverage)
    level = view.levels[-1]
    both = {"density": level.density, "network_density": coverage.network_density(level.density)}
    assert both["network_density"] > both["density"]
    assert to_json(view)["levels"][-1].items() >= both.items()
    assert view.status.to_json()["decided"][-1].items() >= both.items()
    assert curve(view).iloc[-1][list(both)].to_dict() == both
    exact, rounded = f"{both['network_density']:.2%}", f"{100 * both['network_density']:.3g}\u202f%"
    for shown in (printed(_table(view)), printed(_picture(view.status))):
        assert "network" in shown
        assert exact in shown
    web = bytes(web_page("study.html", study=view.status, number=1).body).decode()
    for page in (render(view), study_html(view), web):
        assert rounded in page
        assert str(coverage.sentence).replace("'", "&#39;") in page
    assert (coverage.sentence in find(view).notes) == coverage.notable


@pytest.mark.parametrize("coverage", [WHOLE, None])
def test_one_density_is_shown_where_there_is_no_other(coverage: Coverage | None) -> None:
    view = view_of(coverage)
    assert "network" not in printed(_table(view)) + printed(_picture(view.status)) + study_html(view)
    assert "All 1,000" not in render(view)
    assert all(level.get("network_density", level["density"]) == level["density"] for level in to_json(view)["levels"])
