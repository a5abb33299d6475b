"""Reading a study: tables, figures, schedules, reports. Nothing is written."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from oracle.api.defaults import database_url
from oracle.report.comparison.figures import COMPARISON_FIGURES
from oracle.report.figures import SWEEP_FIGURES
from oracle.results.intervals import DEFAULT_RULE
from oracle.results.plain import json_with_answers, to_json
from oracle.results.spending import spending_of
from oracle.results.status import study_status
from oracle.results.study_view import view_study
from oracle.study.checking import explained
from oracle.study.opening import ORACLE, study_spec
from scyc import InputError
from studies import SplitName, Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from typing import Any

    import pandas as pd
    from plotly.graph_objects import Figure

    from oracle.comparison import Comparison, Fit
    from oracle.replaying import Recording
    from oracle.results.sign_analysis import Analysis
    from oracle.results.spending import Spending
    from oracle.results.status import StudyStatus
    from oracle.results.study_view import StudyView
    from oracle.spec.model import Spec
    from oracle.study.export import Format
    from scyc import LevelSchedule, Policy
    from studies import StudyRecord


class StudyReader:
    """One study of a database, for reading.

    Each call shows the study as it is at that moment. It takes no lease, and needs only the right to read.

    Args:
        name: name of the study.
        db: URL of its database. Default: `$SCYC_DB`, else `sqlite:///scyc.db`.
        store: an open store to read from, for callers that read often. Default: each call opens the database.

    Raises:
        StudyError: by every method, if the database cannot be used.
        StudyNotFound: by every method, if there is no such study.
    """

    def __init__(self, name: str, db: str | None = None, store: Store | None = None) -> None:
        self.name, self.db = name, database_url(db)
        self._given = store

    @property
    def status(self) -> StudyStatus:
        """How far the study is: state, levels, trials done and failed, time left, and who drives it."""
        with self._store() as store:
            return study_status(store, self.name, silent=True, machines=True)

    @property
    def spec(self) -> Spec:
        """The study's spec."""
        with self._record() as (_, study):
            return study_spec(study)

    def view(self) -> StudyView:
        """Return the levels with their winners, intervals and trials, and the study's cost and provenance."""
        with self._store() as store:
            return view_study(store, self.name)

    def spending(self) -> Spending | None:
        """Return what a racing search spent and where it left each candidate; None if the search is no race."""
        with self._store() as store:
            return spending_of(store, view_study(store, self.name))

    def curve(self) -> pd.DataFrame:
        """Return the oracle curve, a row per level; see `oracle.api.tables.curve` for the columns."""
        from oracle.api import tables

        return tables.curve(self.view())

    def trials(self) -> pd.DataFrame:
        """Return a row per trial of every run, with all columns; see `oracle.api.tables.trials`."""
        from oracle.api import tables

        with self._record() as (store, study):
            return tables.trials(store, study)

    def epochs(self) -> pd.DataFrame:
        """Return a row per epoch of every complete trial: its learning curve.

        The last epoch's validation is on all validation examples; the others' may be on fewer, see `scyc.data.Dataset`.
        """
        from oracle.api import tables

        with self._record() as (store, study):
            return tables.epochs(store, study)

    def gradients(self) -> pd.DataFrame:
        """Return a row for each time that a trial recorded the distribution of its weight gradients."""
        from oracle.api import tables

        with self._record() as (store, study):
            return tables.gradients(store, study)

    def answers(self, split: SplitName = "validation") -> pd.DataFrame:
        """Return which examples of a split each network classifies correctly: a row per trial, a column per example.

        Args:
            split: "validation" or "test".

        Raises:
            InputError: there is no such split.
        """
        from oracle.api import tables

        if split not in get_args(SplitName):
            raise InputError(f"Answers are recorded on {' and '.join(get_args(SplitName))}, but not on {split!r}.")
        with self._record() as (store, study):
            return tables.answers(store, study, split)

    def to_json(self, *, answers: bool = False) -> dict[str, Any]:
        """Return what `scyc show --json` prints: the view as plain values.

        Args:
            answers: also give which examples each trial's network classifies correctly: by split, a text of 1 and 0.
        """
        with self._store() as store:
            view = view_study(store, self.name)
            return json_with_answers(store, view) if answers else to_json(view, spending_of(store, view))

    def recording(self) -> Recording:
        """Return the finished grid study as arrays, for `oracle.replay`; its `save` writes them to a file.

        Raises:
            InputError: the study is not finished, or not a full grid.
        """
        from oracle.replaying import Recording

        with self._store() as store:
            return Recording.from_study(store, self.name)

    def figure(self, name: str = "curve", rule: str = DEFAULT_RULE, tolerance: float | None = None) -> Figure:
        """Return a figure of the report, or of the comparison, as a Plotly figure.

        Args:
            name: {sweep} for the sweep; {comparison} for the comparison with schedules.
            rule: for a figure of the comparison, which interval to judge by.
            tolerance: for a figure of the comparison, the margin of the rules that take one, in the metric's own
                units. Default: the metric's.

        Raises:
            InputError: there is no figure of that name, or there is nothing to draw yet; the message says why.
        """
        from oracle.api.figures import figure

        with self._store() as store:
            return figure(store, self.name, name, rule, tolerance)

    def fit(self) -> Fit:
        """Return S-Cyc fitted to the posterior of the best `max_lr`, with error bars and how far to trust it in words.

        Raises:
            InputError: too few levels are decided.
        """
        from oracle.comparison import fit_study

        with self._store() as store:
            return fit_study(store, self.name)

    def compare(
        self, schedules: Sequence[str] = (), rule: str = DEFAULT_RULE, tolerance: float | None = None
    ) -> Comparison:
        """Compare the study's oracle with level schedules: a verdict on each, and what training them showed.

        Args:
            schedules: names of the schedules. Default: all.
            rule: which interval to judge by.
            tolerance: margin of the rules `within` and `model`, and what the model of the surface counts as a hit under
                any rule, in the metric's own units. Default: the metric's.

        Raises:
            InputError: no level is decided, or a schedule is not known; the message lists the known ones.
        """
        from oracle.comparison import compare_study

        with self._store() as store:
            return compare_study(store, self.name, rule, tolerance, schedules)

    def verdicts(
        self, schedules: Sequence[str] = (), rule: str = DEFAULT_RULE, tolerance: float | None = None
    ) -> pd.DataFrame:
        """Return the comparison as a table, a row per schedule; see `compare` and `oracle.api.tables.verdicts`."""
        from oracle.api import tables

        return tables.verdicts(self.compare(schedules, rule, tolerance))

    def schedule(self, name: str = "fitted") -> LevelSchedule:
        """Return a level schedule by name, ready for `scyc.LevelLR` in a training loop of your own.

        Args:
            name: "fitted" for S-Cyc fitted to this oracle, or another that `compare` knows.

        Raises:
            InputError: there is no such schedule, or it is more than one `max_lr` for each level.
        """
        return self.compare([name]).schedules[name]

    def contenders(self) -> dict[str, Policy]:
        """Return, by name, the policies that `run` can train: schedules, some with their own profile or rewind.

        Raises:
            InputError: the oracle is not finished.
        """
        from oracle.comparison import study_contenders

        with self._store() as store:
            return study_contenders(store, self.name)

    def analyse(self, run: str = ORACLE) -> Analysis:
        """Return how the signs and masks of a run's weights change from level to level. Reads the stored weights.

        Raises:
            InputError: there is no such run, or its weights are no longer stored.
        """
        from oracle.results.sign_analysis import analyse

        with self._store() as store:
            return analyse(store, self.name, run)

    def report_html(self) -> str:
        """Return the study's report: one HTML page that works offline."""
        from oracle.report import render

        with self._store() as store:
            view = view_study(store, self.name)
            return render(view, spending_of(store, view))

    def report(self, path: Path | str = "report.html") -> Path:
        """Write the study's report, one HTML page that works offline, and return its path.

        Raises:
            InputError: the file cannot be written.
        """
        from oracle.api.writing import write_page

        write_page(self.report_html(), Path(path))
        return Path(path).resolve()

    def export(self, folder: Path | str, format: Format = "json") -> list[Path]:  # noqa: A002 - as pandas calls it
        """Write the study's tables, all but the weights, to a new folder as "json", "csv" or "parquet".

        Raises:
            InputError: the folder is not empty or cannot be written.
        """
        from oracle.api.managing import export_study

        return export_study(self.name, self.db, Path(folder), format)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def _repr_html_(self) -> str:
        from oracle.api.html import study_html

        return study_html(self.view())

    def _store(self) -> AbstractContextManager[Store]:
        return nullcontext(self._given) if self._given is not None else Store.open(self.db, read_only=True)

    @contextmanager
    def _record(self) -> Iterator[tuple[Store, StudyRecord]]:
        with self._store() as store, explained(store, self.name):
            yield store, store.study(self.name)


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


StudyReader.figure.__doc__ = (StudyReader.figure.__doc__ or "").format(  # so that the names are those of the registries
    sweep=_quoted(SWEEP_FIGURES), comparison=_quoted(COMPARISON_FIGURES)
)
