"""The page: what the template shows, worked out from the study's view."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from oracle.report import words
from oracle.report.figures import plates
from oracle.report.finding import find, planned_levels
from oracle.report.toml import to_toml

if TYPE_CHECKING:
    from oracle.view import LevelView, StudyView

NOT_RECORDED = "not recorded"


def render(view: StudyView) -> str:
    """Return the report on a study as one HTML page that needs nothing but itself."""
    return _template().render(
        view=view,
        words=words,
        workload=view.spec.get("workload", f"workload {NOT_RECORDED}"),
        finding=find(view),
        plates=plates(view),
        facts=_facts(view),
        levels=[_row(lv) for lv in view.levels],
        costs=_costs(view),
        spec=to_toml(view.spec),
        origins=_origins(view),
        plotlyjs=Markup(get_plotlyjs()),  # Plotly's own code, the only text that is not escaped
    )


def write(view: StudyView, path: Path) -> None:
    """Write the report on a study to a file, creating its folder if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(view), encoding="utf-8")


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("template.html")


def _facts(view: StudyView) -> list[tuple[str, str]]:
    """Return the study's size at a glance: (number, what it counts)."""
    decided = sum(lv.winner is not None for lv in view.levels)
    most = max((len(lv.candidates) for lv in view.levels), default=0)
    seeds = {t.seed for lv in view.levels for t in lv.trials}
    return [
        (f"{decided} of {planned_levels(view)}", "levels decided"),
        (f"{most}", "candidate" + "s" * (most != 1) + (" per level" if _uniform(view) else " at most")),
        (f"{len(seeds)}", "seed" + "s" * (len(seeds) != 1)),
        (f"{view.cost.trials:,}", "finished trial" + "s" * (view.cost.trials != 1)),
        (words.duration(view.cost.compute_seconds), "of computing"),
    ]


def _uniform(view: StudyView) -> bool:
    return len({len(lv.candidates) for lv in view.levels if lv.candidates}) <= 1


def _row(level: LevelView) -> dict[str, Any]:
    """Return one level as the table shows it."""
    done, failed = (sum(t.state == state for t in level.trials) for state in ("complete", "failed"))
    trials = f"{done}" if done == len(level.trials) else f"{done} of {len(level.trials)}"
    winning = level.winning
    return {
        "level": level.level,
        "density": words.density(level.density),
        "winner": None if level.winner is None else words.rate(level.winner),
        "edge": level.edge,
        "within": words.interval(level.within),
        "paired": words.interval(level.paired),
        "val": words.accuracy(winning.val_accuracy if winning else None),
        "test": words.accuracy(winning.test_accuracy if winning else None),
        "candidates": len(level.candidates),
        "trials": trials,
        "failed": failed,
        "diverged": sum(bool(t.diverged) for t in level.trials),
    }


def _costs(view: StudyView) -> list[tuple[str, str]]:
    cost = view.cost
    rows = [
        ("Finished trials", f"{cost.trials:,}"),
        ("Failed trials", f"{cost.failed:,}"),
        ("Epochs trained", f"{cost.epochs:,}"),
        ("Computing, summed over trials", words.duration(cost.compute_seconds)),
    ]
    if cost.trials:
        rows.append(("Computing per trial", words.duration(cost.compute_seconds / cost.trials)))
    return [
        *rows,
        ("Wall time, pauses left out", words.duration(cost.wall_seconds)),
        ("Hardware", _flat(view.provenance.get("hardware"))),
    ]


def _origins(view: StudyView) -> list[tuple[str, str]]:
    """Return where the numbers come from: date, code and versions."""
    known = view.provenance
    return [
        ("Started", _flat(known.get("started"))),
        ("Commit", _flat(known.get("commit"))),
        ("Versions", _flat(known.get("versions"))),
    ]


def _flat(value: Any) -> str:
    """Return a value of the provenance as one line of text."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_flat(item)}" for key, item in value.items()) or NOT_RECORDED
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "none"
    return NOT_RECORDED if value in (None, "") else str(value)
