"""Figures by name, from the sweep's report and from the comparison's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scyc import InputError

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from studies import Store


def figure(store: Store, study: str, name: str, rule: str, tolerance: float | None) -> Figure:
    """Return a figure as a Plotly figure; see `oracle.Study.figure`.

    Raises:
        InputError: there is no figure of that name, or there is nothing to draw yet.
    """
    from plotly.graph_objects import Figure

    from oracle.report import figures as of_sweep
    from oracle.report.comparison import figures as of_comparison
    from oracle.results.study_view import view_study

    if name in of_sweep.SWEEP_FIGURES:
        plate = of_sweep.plate(name, view_study(store, study))
    elif name in of_comparison.COMPARISON_FIGURES:
        from oracle.comparison import compare_study

        plate = of_comparison.plate(name, compare_study(store, study, rule, tolerance))
    else:
        there = ", ".join([*of_sweep.SWEEP_FIGURES, *of_comparison.COMPARISON_FIGURES])
        raise InputError(f"There is no figure {name!r}; choose one of {there}.")
    if plate.figure is None:
        raise InputError(f"The figure {name!r} of {study!r} cannot be drawn yet: {plate.caption}")
    return Figure(plate.figure)
