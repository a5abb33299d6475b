import dataclasses
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from oracle.api.writing import write_page
from oracle.report import render
from oracle.results.study_view import StudyView
from tests.oracle.report import samples
from tests.oracle.report.samples import level, study, trial


@pytest.fixture(autouse=True)
def plotlyjs(monkeypatch: pytest.MonkeyPatch) -> str:
    """Stands in for Plotly's five megabytes, which these tests need not read."""
    monkeypatch.setattr("oracle.report.base.plotlyjs", lambda: "/* plotly.js */")
    return "/* plotly.js */"


class _Texts(HTMLParser):
    """Collects a page's text outside scripts and styles, and the tags it opens."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] not in ("script", "style"):
            self.words.append(data)


def text(page: str) -> str:
    parser = _Texts()
    parser.feed(page)
    return re.sub(r"\s+", " ", " ".join(parser.words))


def test_the_page_tells_the_study() -> None:
    page = text(render(samples.finished()))
    for words in (
        "mnist1d-mlp",
        "mnist1d-8k/mlp-300-100",
        "✓ finished",
        "The best max_lr rises from 0.1",
        "(dense; 90 % band 0.1",
        "Two halves of the seeds (1 and 2 seeds, split in 3 ways) put the best max_lr a factor of 1.",
        "13 of 13",
        "the best of many noisy candidates looks better than it is",
        "The papers do not define the Oracle-optimised interval; the rules are this project's own.",
        "It is not fitted.",
        "AMD EPYC 9354",
        "torch 2.9.1",
        "3,200 training, 800 validation and 1,000 test examples",
        "[search.max_lr]",
        "4,680",
    ):
        assert words in page, words


def test_the_table_has_one_row_per_level_and_one_per_candidate() -> None:
    page = render(samples.finished())
    levels, candidates = re.findall(r"<tbody>(.*?)</tbody>", page, flags=re.DOTALL)
    assert levels.count("<tr>") == 13
    assert candidates.count("<tr>") == 13 * 12


def test_each_level_is_said_in_a_word_how_well_it_is_known() -> None:
    table = render(samples.open_ended()).split('id="levels"')[1]
    assert table.count('<td class="text">open: the candidates end first</td>') == 2
    assert table.count('<td class="text">resolved</td>') == 2
    flat = study([samples.peaked(0, 0.16, curvature=0.004, noise=0.008)])
    assert re.search(r">tied: they differ by less than \d\.\d points<", render(flat))


def test_open_bounds_edges_and_missing_intervals_show_in_the_table() -> None:
    table = render(samples.open_ended()).split('id="levels"')[1]
    assert "≤\u202f0.02 – 0.06" in table
    assert "≥\u202f1" in table
    assert '<span class="edge">edge</span> 0.02' in table
    assert "<td>–</td>" in table


def test_plotly_is_embedded_once_and_nothing_is_loaded(plotlyjs: str) -> None:
    page = render(samples.finished())
    assert page.count(plotlyjs) == 1
    assert not re.search(r"<(script|link|img|iframe)[^>]*(src|href)=\"(?!data:)", page)
    assert "default-src 'none'" in page


HOSTILE = "</script><b id=x>\"'&{{ 7*7 }}"


def test_text_from_users_is_escaped() -> None:
    view = samples.finished()
    hostile = dataclasses.replace(
        view,
        name=HOSTILE,
        spec=view.spec.model_copy(update={"workload": HOSTILE}),
        provenance={
            "versions": {HOSTILE: HOSTILE},
            "hardware": {HOSTILE: [HOSTILE]},
            "commit": HOSTILE,
            "data": HOSTILE,
        },
    )
    page = render(hostile)
    assert "<b id=x>" not in page
    assert page.count("</script>") == render(view).count("</script>")
    assert "49" not in re.findall(r"<title>(.*?)</title>", page)[0]
    assert HOSTILE in text(page)


ODD = {
    "no levels": study([], planned=13),
    "nothing trained": study([level(0), level(1)]),
    "undecided": study([level(0, [trial(0.1, 0, 0.7)])]),
    "one level": study([samples.climbing(0)]),
    "one candidate": study([level(m, [trial(0.1, 0, 0.7)], 0.1) for m in range(3)]),
    "all failed": study([level(0, [trial(0.1, s, None, state="failed") for s in range(3)])], state="blocked"),
    "all diverged": study([level(m, [trial(x, 0, 0.1) for x in (0.1, 0.2)], 0.1) for m in range(2)]),
    "no intervals": study([level(m, [trial(0.1, 0, 0.7), trial(0.2, 0, 0.6)], 0.1) for m in range(3)]),
    "own candidates": study([level(m, [trial(0.1 * 1.37**m * k, 0, 0.7) for k in (1, 1.1, 9)]) for m in range(4)]),
    "winner without trials": study([level(0, (), 0.1), level(1, (), 0.2)]),
    "bare": dataclasses.replace(samples.finished(), provenance={}),
}


@pytest.mark.parametrize("view", ODD.values(), ids=ODD)
def test_odd_studies_render(view: StudyView) -> None:
    page = render(view)
    assert "NaN" not in page.split("Plotly.newPlot")[-1]
    assert not re.search(r"\b(nan|None|inf)\b", text(page))


def test_what_is_missing_is_said() -> None:
    empty = text(render(ODD["no levels"]))
    for words in ("No level is decided yet", "No candidate has finished training yet", "The study has no levels yet"):
        assert words in empty
    assert "it needs two seeds or more" in text(render(ODD["no intervals"]))
    bare = text(render(ODD["bare"]))
    assert bare.count("not recorded") == 5


def test_write_makes_the_folder(tmp_path: Path) -> None:
    view = samples.running()
    target = tmp_path / "new" / "report.html"
    write_page(render(view), target)
    assert target.read_text(encoding="utf-8") == render(view)
