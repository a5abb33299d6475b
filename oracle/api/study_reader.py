"""What a study says: tables, figures, schedules, reports. It is only read."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from oracle.api.defaults import database_url
from oracle.report.comparison.figures import COMPARISON_FIGURES
from oracle.report.figures import SWEEP_FIGURES
from oracle.results.intervals import DEFAULT_RULE, TOLERANCE
from oracle.results.status import study_status
from oracle.results.study_view import view_study
from oracle.study.opening import ORACLE, study_spec
from studies import Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    import pandas as pd
    from plotly.graph_objects import Figure

    from oracle.comparison import Comparison, Fit
    from oracle.results.sign_analysis import Analysis
    from oracle.results.status import StudyStatus
    from oracle.results.study_view import StudyView
    from oracle.spec.model import Spec
    from oracle.study.export import Format
    from scyc import LevelSchedule, Policy
    from studies import StudyRecord


class StudyReader:
    """One study of a database, to be looked at.

    Each call shows the study as it stands at that moment; it takes no lease and needs the right to read alone.

    Args:
        name: of the study.
        db: URL of its database. Default: `$SCYC_DB`, else `sqlite:///scyc.db`.
        store: an open store to read from, for who reads often. Default: the database is opened for each call.

    Raises:
        StudyError: by every method, where the database cannot be used.
        StudyNotFound: by every method, where there is no such study.
    """

    def __init__(self, name: str, db: str | None = None, store: Store | None = None) -> None:
        self.name, self.db = name, database_url(db)
        self._given = store

    @property
    def status(self) -> StudyStatus:
        """How far it is: its state, levels, trials done and failed, time left, and who drives it."""
        with self._store() as store:
            return study_status(store, self.name)

    @property
    def spec(self) -> Spec:
        """Its spec."""
        with self._record() as (_, study):
            return study_spec(study)

    def view(self) -> StudyView:
        """Return its levels with their winners, intervals and trials, its cost and its provenance."""
        with self._store() as store:
            return view_study(store, self.name)

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
        """Return a row per epoch of every complete trial: its learning curve."""
        from oracle.api import tables

        with self._record() as (store, study):
            return tables.epochs(store, study)

    def gradients(self) -> pd.DataFrame:
        """Return a row per point at which a trial recorded the distribution of its weight gradients."""
        from oracle.api import tables

        with self._record() as (store, study):
            return tables.gradients(store, study)

    def figure(self, name: str = "curve", rule: str = DEFAULT_RULE, tolerance: float = TOLERANCE) -> Figure:
        """Return a figure of the report, or of the comparison, as a Plotly figure.

        Args:
            name: of the sweep {sweep}; of the comparison with schedules {comparison}.
            rule: for a figure of the comparison: the interval to judge by.
            tolerance: for a figure of the comparison: margin of the `within` rule, a fraction of accuracy.

        Raises:
            InputError: there is no figure of that name, or nothing to draw yet; the message says why.
        """
        from oracle.api.figures import figure

        with self._store() as store:
            return figure(store, self.name, name, rule, tolerance)

    def fit(self, rule: str = DEFAULT_RULE, tolerance: float = TOLERANCE) -> Fit:
        """Return S-Cyc fitted to the oracle interval, with error bars and what has to be said with them.

        Raises:
            InputError: too few levels are decided.
        """
        from oracle.comparison import fit_study

        with self._store() as store:
            return fit_study(store, self.name, rule, tolerance)

    def compare(
        self, schedules: Sequence[str] = (), rule: str = DEFAULT_RULE, tolerance: float = TOLERANCE
    ) -> Comparison:
        """Return the study's oracle against level schedules: a verdict on each, and what training them has shown.

        Args:
            schedules: by name. Default: all.
            rule: the interval to judge by.
            tolerance: margin of the `within` rule, a fraction of accuracy.

        Raises:
            InputError: no level is decided, or a schedule is not known; the message names those that are.
        """
        from oracle.comparison import compare_study

        with self._store() as store:
            return compare_study(store, self.name, rule, tolerance, schedules)

    def verdicts(
        self, schedules: Sequence[str] = (), rule: str = DEFAULT_RULE, tolerance: float = TOLERANCE
    ) -> pd.DataFrame:
        """Return the comparison as a table, a row per schedule; see `compare` and `oracle.api.tables.verdicts`."""
        from oracle.api import tables

        return tables.verdicts(self.compare(schedules, rule, tolerance))

    def schedule(self, name: str = "fitted") -> LevelSchedule:
        """Return a level schedule by name, ready for `scyc.LevelLR` in a training loop of your own.

        Args:
            name: "fitted" for S-Cyc fitted to this oracle, or another that `compare` knows.

        Raises:
            InputError: there is no such schedule, or it is more than `max_lr` by level.
        """
        return self.compare([name]).schedules[name]

    def contenders(self) -> dict[str, Policy]:
        """Return by name what `run` can train: schedules with what else they do differently.

        Raises:
            InputError: the oracle has levels left to decide.
        """
        from oracle.comparison import study_contenders

        with self._store() as store:
            return study_contenders(store, self.name)

    def analyse(self, run: str = ORACLE) -> Analysis:
        """Return how signs and masks change from level to level, from the weights that a run's trainings left.

        Raises:
            InputError: there is no such run, or its weights are gone.
        """
        from oracle.results.sign_analysis import analyse

        with self._store() as store:
            return analyse(store, self.name, run)

    def report_html(self) -> str:
        """Return its report, one HTML page that needs no network."""
        from oracle.report import render

        return render(self.view())

    def report(self, path: Path | str = "report.html") -> Path:
        """Write its report, one HTML page that needs no network; return where it is.

        Raises:
            InputError: the file cannot be written.
        """
        from oracle.api.writing import write_page

        write_page(self.report_html(), Path(path))
        return Path(path).resolve()

    def export(self, folder: Path | str, format: Format = "json") -> list[Path]:  # noqa: A002 - as pandas calls it
        """Write its tables to a new folder as "json", "csv" or "parquet", everything but the weights.

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
        with self._store() as store:
            yield store, store.study(self.name)


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


StudyReader.figure.__doc__ = (StudyReader.figure.__doc__ or "").format(  # so that the names are those of the registries
    sweep=_quoted(SWEEP_FIGURES), comparison=_quoted(COMPARISON_FIGURES)
)
