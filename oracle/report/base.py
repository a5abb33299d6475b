"""What the report's pages share: the templates' environment, and what every page says about its study."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
from markupsafe import Markup, escape

from oracle.report import words
from oracle.spec.files import spec_toml

if TYPE_CHECKING:
    from oracle.results.study_view import StudyView


def fill(template: str, view: StudyView, **values: object) -> str:
    """Return a page about a study as self-contained HTML.

    Args:
        template: a file in this folder that extends `base.html`.
        view: the study.
        values: what the template shows besides.
    """
    return (
        environment()
        .get_template(template)
        .render(
            values,
            view=view,
            spec=spec_toml(view.spec),
            plotlyjs=Markup(plotlyjs()),  # the only text that is not escaped
        )
    )


def plotlyjs() -> str:
    """Return Plotly's own code, which draws the figures: five megabytes."""
    from plotly.offline import get_plotlyjs  # slow to import, and only whole pages need it

    return str(get_plotlyjs())


def provenance(view: StudyView, *names: str) -> list[tuple[str, str]]:
    """Return what the study's provenance holds under these names: (name, value)."""
    return [(name.capitalize(), words.flat(view.provenance.get(name))) for name in names]


def machines(view: StudyView) -> list[tuple[str, str]]:
    """Return on which kinds of machines the trials were trained, as provenance; nothing if none is on record."""
    return [("Machines", view.status.machines.sentence)] if view.status.machines.kinds else []


@cache
def environment(*folders: Path) -> jinja2.Environment:
    """Return the environment that fills templates: those of this folder, and of other folders if given."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([*folders, Path(__file__).parent]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["coded"] = _coded
    return environment


def _coded(sentence: str) -> Markup:
    """Return a sentence as HTML, with everything between backticks as code."""
    *pairs, last = sentence.split("`")
    if len(pairs) % 2:  # a single backtick
        return escape(sentence)
    parts = [Markup("<code>{}</code>").format(part) if i % 2 else escape(part) for i, part in enumerate(pairs)]
    return Markup("").join([*parts, escape(last)])
