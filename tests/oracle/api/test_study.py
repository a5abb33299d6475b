"""A study in the hand."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np
import pytest

import oracle
from oracle.api.displays import Bar, NoDisplay, display_for
from oracle.report.comparison.figures import COMPARISON_FIGURES
from oracle.report.figures import SWEEP_FIGURES
from scyc import SCyc
from studies import EpochRecord, GradientRecord, TrialRecord, TrialResult

FIGURES = [*SWEEP_FIGURES, *COMPARISON_FIGURES]

if TYPE_CHECKING:
    from pathlib import Path

    from oracle import Study


class TestTables:
    def test_the_curve_has_a_row_per_level(self, swept: Study) -> None:
        curve = swept.curve()
        assert list(curve.columns) == [
            "level",
            "density",
            "network_density",
            "winner",
            "best",
            "best_low",
            "best_high",
            "word",
            "within_low",
            "within_high",
            "paired_low",
            "paired_high",
            "model_low",
            "model_high",
            "val",
            "test",
            "edge",
            "silence",
            "chosen",
        ]
        assert curve.silence.isna().all()
        assert list(curve.chosen) == list(curve.winner)
        assert list(curve.level) == [0, 1, 2]
        assert list(curve.density.round(2)) == [1.0, 0.8, 0.64]
        assert (curve.density <= curve.network_density).all()
        view = swept.view()
        assert list(curve.winner) == [level.winner for level in view.levels]
        assert (curve.within_low <= curve.winner).all()
        assert (curve.winner <= curve.within_high).all()

    def test_trials_have_all_columns_and_agree_with_the_view(self, swept: Study) -> None:
        trials = swept.trials()
        record = {field.name for field in fields(TrialRecord)} - {"run_id", "result", "stopped"}
        result = {field.name for field in fields(TrialResult)} - {"epochs", "gradients", "answers"}
        assert set(trials.columns) == {"run", "machine"} | record | result
        assert len(trials) == 18
        best = trials[trials.level == 0].groupby("max_lr").val.mean()
        assert best.max() == pytest.approx(swept.curve().val[0])

    def test_epochs_and_gradients_belong_to_trials(self, swept: Study) -> None:
        epochs, gradients = swept.epochs(), swept.gradients()
        assert list(epochs.columns)[5:] == [field.name for field in fields(EpochRecord)]
        assert len(epochs) == 18
        assert list(gradients.columns)[5:] == [field.name for field in fields(GradientRecord)]
        assert set(gradients.id) == set(swept.trials().id)
        assert set(gradients.point) == {"start", "middle", "end"}

    def test_answers_are_what_the_accuracies_count(self, swept: Study) -> None:
        trials = swept.trials().set_index("id")
        for answers, accuracies in (
            (swept.answers(), trials.val),
            (swept.answers("test"), trials.test),
        ):
            assert answers.index.names == ["run", "id", "level", "seed", "max_lr"]
            assert len(answers) == len(trials)
            assert set(answers.dtypes) == {np.dtype(bool)}
            counted = answers.mean(axis=1).droplevel(["run", "level", "seed", "max_lr"])
            assert counted.to_dict() == pytest.approx(accuracies.to_dict())
        with pytest.raises(oracle.InputError, match="validation and test, but not on 'train'"):
            swept.answers("train")  # type: ignore[arg-type]

    def test_the_json_has_answers_where_they_are_asked_for(self, swept: Study) -> None:
        [trial, *_] = swept.to_json(answers=True)["levels"][0]["trials"]
        answers = trial.pop("answers")["test"]
        assert answers.count("1") / len(answers) == trial["test"]
        assert swept.to_json()["levels"][0]["trials"][0] == trial

    def test_trials_that_failed_have_no_result(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("oracle.execution.network_worker.run_trials", lambda *_, **__: 1 / 0)
        db = f"sqlite:///{tmp_path}/scyc.db"
        with pytest.raises(oracle.TrialsFailed):
            oracle.sweep(
                name="s",
                db=db,
                executor="inline",
                retries=0,
                workload="digits/mlp-20",
                engine="eager",
                levels=1,
                seeds=[0],
                search={"max_lr": {"values": [0.1]}, "widen": 0},
            )
        study = oracle.open_study("s", db)
        [trial] = study.trials().itertuples()
        assert trial.state == "failed"
        assert "ZeroDivisionError" in trial.error
        assert trial.val is None or math.isnan(trial.val)
        assert study.epochs().empty
        assert study.answers().empty
        assert study.curve().winner.isna().all()
        assert "blocked" in study._repr_html_()


class TestFigure:
    @pytest.mark.parametrize("name", FIGURES)
    def test_every_figure_can_be_had_by_name(self, name: str, swept: Study) -> None:
        if name in ("accuracy", "spending"):
            with pytest.raises(oracle.InputError, match="cannot be drawn yet"):
                swept.figure(name)
            return
        assert len(swept.figure(name).data) > 0

    def test_the_docstring_names_them_all(self) -> None:
        for name in FIGURES:
            assert f'"{name}"' in (oracle.Study.figure.__doc__ or "")

    def test_a_wrong_name_is_answered_with_the_right_ones(self, swept: Study) -> None:
        with pytest.raises(oracle.InputError, match=r"no figure 'curv'; choose one of curve, heatmap"):
            swept.figure("curv")


class TestSchedules:
    def test_the_fit_is_the_schedule(self, swept: Study) -> None:
        fit, schedule = swept.fit(), swept.schedule("fitted")
        assert isinstance(schedule, SCyc)
        assert schedule == fit.schedule

    def test_comparing_names_its_schedules(self, swept: Study) -> None:
        assert set(swept.compare(["s-cyc", "constant"]).verdicts) == {"s-cyc", "constant"}
        with pytest.raises(oracle.InputError, match="no schedule 'cosine'"):
            swept.schedule("cosine")
        with pytest.raises(oracle.InputError, match="no interval rule 'without'"):
            swept.compare(rule="without")

    def test_what_is_trained_is_compared(self, study: Study) -> None:
        study.run(["constant"], seeds=[100, 101], executor="inline")
        run = study.compare(["constant"]).runs["constant"]
        assert (run.seeds, run.fresh) == ((100, 101), True)
        assert set(study.answers().index.unique("run")) == {"oracle", "oracle-replayed", "constant"}
        verdicts = study.verdicts(["constant", "fitted"]).set_index("schedule")
        assert run.regret is not None
        assert verdicts.loc["constant", "regret"] == run.regret.mean
        assert verdicts.loc["constant", "epochs"] == 3
        assert math.isnan(verdicts.loc["fitted", "regret"])
        assert verdicts.loc["fitted", "judged"] == 3
        assert 0 <= verdicts.loc["fitted", "expected_hits"] <= 3
        assert verdicts.loc["fitted", "within_everywhere"] <= verdicts.loc["fitted", "within_on_average"]
        assert set(study.trials().run) == {"oracle", "oracle-replayed", "constant"}
        assert len(study.figure("accuracy").data) > 0


class TestChanges:
    def test_extending_trains_the_new_cells_alone(self, study: Study) -> None:
        before = study.trials()
        assert study.extend(seeds=[5], executor="inline") is study
        after = study.trials()
        assert set(before.id) < set(after.id)
        assert set(after[~after.id.isin(before.id)].seed) == {5}

    def test_the_report_is_one_page(self, swept: Study, tmp_path: Path) -> None:
        page = swept.report(tmp_path / "new" / "report.html")
        assert "small" in page.read_text()

    def test_deleting_leaves_nothing(self, study: Study, tmp_path: Path) -> None:
        study.delete()
        assert oracle.studies(study.db).empty
        assert [file for file in (tmp_path / "scyc-artifacts").rglob("*") if file.is_file()] == []


class TestDisplay:
    def test_a_notebook_shows_the_curve_with_everything_escaped(self, swept: Study) -> None:
        html = swept._repr_html_()
        assert "<b>small</b>" in html
        assert html.count("<tr>") == 4
        assert repr(swept) == "Study('small')"

    def test_progress_is_a_bar_where_it_is_asked_for(self, study: Study, capsys: pytest.CaptureFixture[str]) -> None:
        study.extend(levels=4, executor="inline", progress=True)
        shown = capsys.readouterr().err
        assert "level 3 of 0-3" in shown
        assert shown.startswith("Data: 1,150 training, 288 validation and 359 test examples of shape (64,)")
        assert shown.splitlines()[0] == f"Data: {study.view().provenance['data']}"
        study.run(["constant"], executor="inline", progress=True)
        assert "constant" in capsys.readouterr().err

    def test_and_silence_elsewhere(self, study: Study, capsys: pytest.CaptureFixture[str]) -> None:
        study.extend(levels=4, executor="inline")
        assert capsys.readouterr() == ("", "")
        assert isinstance(display_for(None), NoDisplay)
        assert not isinstance(display_for(False), Bar)
