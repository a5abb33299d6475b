"""The page on a comparison: its claims are those of comparison.json, and nothing on it is markup from outside."""

from __future__ import annotations

import dataclasses
import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from oracle.comparison import to_json
from oracle.comparison.modelled import percent
from oracle.report.comparison import plates, render
from tests.oracle.report import samples
from tests.oracle.report.comparisons import full, odd, probable

if TYPE_CHECKING:
    from oracle.comparison import Comparison

ODD = odd()
VIEW = samples.finished(7)


@pytest.fixture(autouse=True)
def plotlyjs(monkeypatch: pytest.MonkeyPatch) -> str:
    """Stands in for Plotly's five megabytes, which these tests need not read."""
    monkeypatch.setattr("oracle.report.base.plotlyjs", lambda: "/* plotly.js */")
    return "/* plotly.js */"


class _Tables(HTMLParser):
    """Collects a page's tables by caption as rows of (text, number), and its text outside scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[str, list[list[tuple[str, float | None]]]] = {}
        self.words: list[str] = []
        self._caption = ""
        self._tag = ""
        self._cell: tuple[str, float | None] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = tag
        if tag == "table":
            self._caption = ""
        elif tag == "tr":
            self.tables.setdefault(self._caption, []).append([])
        elif tag in ("th", "td"):
            self._cell = ("", None)
        elif tag == "data":
            self._cell = ("", float(dict(attrs)["value"] or "nan"))

    def handle_endtag(self, tag: str) -> None:
        self._tag = ""
        if tag in ("th", "td") and self._cell is not None:
            self.tables[self._caption][-1].append(self._cell)
            self._cell = None
        elif tag == "caption":
            self.tables[self._caption] = []

    def handle_data(self, data: str) -> None:
        if self._tag == "caption":
            self._caption += data
        if self._cell is not None:
            self._cell = (self._cell[0] + data, self._cell[1])
        if self._tag not in ("script", "style"):
            self.words.append(data)


def read(page: str) -> _Tables:
    parser = _Tables()
    parser.feed(page)
    return parser


def said(page: str) -> str:
    return re.sub(r"\s+", " ", " ".join(read(page).words))


def written(comparison: Comparison) -> dict[str, Any]:
    return json.loads(json.dumps(to_json(comparison), allow_nan=False))  # type: ignore[no-any-return]


def test_the_verdicts_are_those_of_comparison_json() -> None:
    page, values = render(full(), VIEW), written(full())
    rows = {row[0][0]: row[1:] for row in read(page).tables["Every schedule against the oracle"][1:]}
    assert rows.keys() == {*values["schedules"], *values["runs"]}
    for name, verdict in values["schedules"].items():
        hits, missed, surface, raw, *_ = rows[name]
        assert hits == (f"{verdict['hits']} of {verdict['judged']}", verdict["hits"])
        off = {level["level"]: level["off"] for level in verdict["levels"] if level["inside"] is False}
        found = {int(m): float(x) for m, x in re.findall(r"(\d+)\s\(×([\d.]+)\)", missed[0])}
        assert found == pytest.approx(off, rel=0.05)
        if name != "oracle":
            assert (surface[1], raw[1]) == (verdict["mean_regret"], verdict["mean_raw_regret"])
    for name, run in values["runs"].items():
        *_, lost, epochs, seeds = rows[name]
        if name != "oracle":
            assert lost[1] == run["regret"]["mean"]
            together = run["regret"]["p_together"]
            assert ("†" in lost[0]) == (together is not None and together < 0.05)
            numbers = [float(text.replace("−", "-")) for text in re.findall(r"−?\d+\.\d+", lost[0])]
            regret = (run["regret"]["mean"], run["regret"]["low"], run["regret"]["high"])
            assert numbers == pytest.approx([100 * value for value in regret], abs=0.005)
        assert (epochs[1], seeds) == (run["epochs"], ("3, fresh", 3))


def test_by_the_rule_model_hits_are_probabilities() -> None:
    comparison = probable()
    page, values = render(comparison, VIEW), written(comparison)
    tables = read(page).tables
    header, *body = tables["Every schedule against the oracle"]
    assert header[1][0] == "Levels within 0.5 points of the best, expected"
    rows = {row[0][0]: row[1:] for row in body}
    for name, verdict in values["schedules"].items():
        hits, improbable, _, _, modelled, *_ = rows[name]
        model = verdict["model"]
        assert hits == (f"{model['hits']:.1f} of {model['levels']}", model["hits"])
        known = {level["level"]: level["probability"] for level in verdict["levels"]}
        unlikely = [level for level, chance in known.items() if chance is not None and chance < 0.5]
        assert [int(level) for level in re.findall(r"(\d+)\s\(", improbable[0])] == unlikely
        assert modelled[1] == model["regret"]["mean"]
        assert ("*" in modelled[0]) == bool(verdict["unknown"])
    caption = "max_lr of every schedule, and how probable it is that it is within 0.5 points of the best"
    heads, *levels = tables[caption]
    at = [cell[0] for cell in heads].index("constant")
    for row, level in zip(levels, values["schedules"]["constant"]["levels"], strict=True):
        assert row[at] == (f"{level['max_lr']:.3g} ({percent(level['probability'])})", level["max_lr"])
    assert "the sum of the probabilities of each level by itself" in said(page)
    assert values["schedules"]["beyond"]["model"]["levels"] < 7


def test_the_headline_is_the_sentences_of_comparison_json() -> None:
    text, values = said(render(full(), VIEW)), written(full())
    for name, verdict in values["schedules"].items():
        if name != "oracle":
            run = values["runs"].get(name)
            assert " ".join(filter(None, [verdict["sentence"], run and run["sentence"]])) in text
    assert values["runs"]["range-test"]["sentence"] in text
    for sentence in (
        *values["fit"]["sentences"],
        *values["gradients"]["sentences"],
        values["curse"]["sentence"],
        values["fit"]["python"],
    ):
        assert sentence in text
    assert "A note with some code ." in text


def test_curse_and_fit_are_those_of_comparison_json() -> None:
    tables, values = read(render(full(), VIEW)).tables, written(full())
    curse = tables["The oracle's winners where they were chosen, and elsewhere"][1:]
    for row, level in zip(curse, values["curse"]["levels"], strict=True):
        names = ("chosen", "held_out", "lead", "test_lead", "test", "fresh")
        assert [cell[1] for cell in row[2:]] == [level[name] for name in names]
    parameters = {row[0][0]: row[1:] for row in tables["The fitted parameters"][1:]}
    for name, errors in values["fit"]["errors"].items():
        value, low, high, known = parameters[name]
        assert [value[1], low[1], high[1]] == [values["fit"]["schedule"][name], *errors]
        assert known[0] == ("yes" if values["fit"]["identified"][name] else "no")


def test_gradients_are_those_of_comparison_json() -> None:
    tables, values = read(render(full(), VIEW)).tables, written(full())["gradients"]
    rows = tables["Rank correlation with the oracle's max_lr over levels"][1:]
    assert rows[-1][2][1] == values["density_correlation"]
    for row, point in zip(rows, values["points"], strict=False):
        assert [cell[1] for cell in row[1:3]] == [point["narrowing"], point["correlation"]]
        assert [cell[1] for cell in row[3:5]] == point["interval"]


def test_every_table_of_the_figures_is_on_the_page() -> None:
    tables = read(render(full(), VIEW)).tables
    for plate in plates(full()).values():
        for table in plate.tables:
            rows = [[(cell.text, cell.value) for cell in row] for row in table.rows]
            assert tables[table.caption][1:][-len(rows) :] == rows


def test_plotly_is_embedded_once_and_nothing_is_loaded(plotlyjs: str) -> None:
    page = render(full(), VIEW)
    assert page.count(plotlyjs) == 1
    assert not re.search(r"<(script|link|img|iframe)[^>]*(src|href)=\"(?!data:)", page)
    assert "default-src 'none'" in page


HOSTILE = "</script><b id=x>\"'&{{ 7*7 }}"


def test_text_from_users_is_escaped() -> None:
    comparison = full()
    schedules = {HOSTILE: comparison.schedules["s-cyc"], **comparison.schedules}
    verdicts = {HOSTILE: comparison.verdicts["s-cyc"], **comparison.verdicts}
    hostile = dataclasses.replace(
        comparison, study=HOSTILE, schedules=schedules, verdicts=verdicts, notes=(f"`{HOSTILE}`", HOSTILE)
    )
    view = dataclasses.replace(
        VIEW, name=HOSTILE, spec=VIEW.spec.model_copy(update={"workload": HOSTILE}), provenance={"commit": HOSTILE}
    )
    page = render(hostile, view)
    assert "<b id=x>" not in page
    assert page.count("</script>") == render(comparison, VIEW).count("</script>")
    assert HOSTILE in said(page)


@pytest.mark.parametrize("comparison", ODD.values(), ids=ODD)
def test_odd_comparisons_render(comparison: Comparison) -> None:
    page = render(comparison, VIEW)
    assert not re.search(r"\b(NaN|Infinity)\b", page.split("<script>")[-1])
    assert not re.search(r"\b(nan|None|inf)\b", said(page))
    written(comparison)


def test_what_is_missing_is_said() -> None:
    text = said(render(ODD["one candidate"], VIEW))
    for sentence in ("scyc run mine trains schedules for real", "There is no fit yet", "not trained"):
        assert sentence in text
