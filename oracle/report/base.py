"""What the report's pages share: the templates' environment, and what every page tells about its study."""

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
    """Return a page about a study as HTML that needs nothing but itself.

    Args:
        template: a file in this folder that extends `base.html`.
        view: the study.
        values: what else the template shows.
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
    from plotly.offline import get_plotlyjs  # slow to import, and of use to whole pages alone

    return str(get_plotlyjs())


def provenance(view: StudyView, *names: str) -> list[tuple[str, str]]:
    """Return what the study's provenance has under these names: (name, value)."""
    return [(name.capitalize(), words.flat(view.provenance.get(name))) for name in names]


@cache
def environment(*folders: Path) -> jinja2.Environment:
    """Return what fills templates: those of this folder, and of others if they are given."""
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
    """Return a sentence as HTML, what stands between backticks in it as code."""
    *pairs, last = sentence.split("`")
    if len(pairs) % 2:  # a backtick on its own
        return escape(sentence)
    parts = [Markup("<code>{}</code>").format(part) if i % 2 else escape(part) for i, part in enumerate(pairs)]
    return Markup("").join([*parts, escape(last)])
