"""What a script begins with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import pytest

import oracle
from tests.oracle.api.conftest import SMALL

if TYPE_CHECKING:
    from pathlib import Path

    from oracle import Study

TINY = SMALL | {"levels": 1, "seeds": [0]}


@pytest.fixture
def db(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/scyc.db"


class TestSweep:
    def test_takes_a_file_and_is_named_after_it(self, tmp_path: Path, db: str) -> None:
        (tmp_path / "mine.toml").write_text('workload = "digits/mlp-20"\nlevels = 1\nseeds = [0]\nepochs = 1\n')
        fields: dict[str, Any] = {"search.max_lr.values": [0.1], "search.widen": 0}
        study = oracle.sweep(tmp_path / "mine.toml", db=db, executor="inline", **fields)
        assert study.name == "mine"
        assert study.spec.search.max_lr.grid() == [0.1]
        assert study.status.state == "finished"

    def test_takes_a_spec_with_fields_changed(self, db: str) -> None:
        spec = oracle.Spec.model_validate(TINY)
        study = oracle.sweep(spec, name="two", db=db, executor="inline", levels=2)
        assert len(study.curve()) == 2
        assert spec.levels == 1

    def test_resumes_what_is_there_and_trains_nothing_twice(self, study: Study) -> None:
        before = study.trials()
        again = oracle.sweep(SMALL, name="small", db=study.db, executor="inline")
        assert again.trials().equals(before)

    def test_another_spec_under_the_name_is_refused(self, swept: Study) -> None:
        with pytest.raises(oracle.InputError, match="epochs is 1 in the study and 2 in this spec"):
            oracle.sweep(SMALL, name="small", db=swept.db, epochs=2)

    def test_a_spec_without_a_file_needs_a_name(self, db: str) -> None:
        with pytest.raises(oracle.InputError, match="give a name: name="):
            oracle.sweep(TINY, db=db)

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"levles": 3}, "levles is not a known field"),
            ({"search.max_lr.count.more": 1}, "search.max_lr.count.more"),
            ({"workers": 0}, "workers is 0"),
            ({"executor": "slurm"}, "no executor 'slurm'"),
        ],
    )
    def test_bad_input_is_refused_before_any_work(self, wrong: dict[str, Any], words: str, tmp_path: Path) -> None:
        fields = {"search": {"max_lr": {"low": 0.1, "high": 0.2, "count": 2}}}
        with pytest.raises(oracle.InputError, match=words):
            oracle.sweep(TINY | fields, name="x", db=f"sqlite:///{tmp_path}/scyc.db", **wrong)
        assert list(tmp_path.iterdir()) == []

    def test_failed_trials_are_in_the_way_until_they_are_trained_again(
        self, db: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as broken:
            broken.setattr("oracle.execution.network_worker.run_trials", lambda *_, **__: 1 / 0)
            with pytest.raises(oracle.TrialsFailed, match=r"3 of its trials failed \(ZeroDivisionError: division"):
                oracle.sweep(TINY, name="s", db=db, executor="inline", retries=0)
        study = oracle.open_study("s", db)
        assert study.status.state == "blocked"
        assert study.resume(executor="inline", retry_failed=True).status.state == "finished"

    @pytest.mark.slow
    def test_an_interruption_leaves_a_study_that_resumes(self, tmp_path: Path, db: str) -> None:
        script = f"""
            import oracle, os, signal
            from oracle.api.displays import NoDisplay
            from oracle.driver.events import Listener
            from contextlib import nullcontext

            class Interrupting(Listener):
                def trial_ended(self, request, outcome):
                    if request.max_lr == 0.2:
                        os.kill(os.getpid(), signal.SIGINT)

            class Display(NoDisplay):
                def sweep(self, spec, recorded):
                    return nullcontext(Interrupting())

            try:
                oracle.sweep({TINY!r}, name="s", db={db!r}, executor="inline", progress=Display())
            except KeyboardInterrupt:
                print("interrupted", oracle.open_study("s", {db!r}).status.done)
        """
        ended = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False, timeout=120
        )
        assert ended.stdout.startswith("interrupted "), ended.stderr
        done = int(ended.stdout.split()[1])
        assert 0 < done < 3
        study = oracle.sweep(TINY, name="s", db=db, executor="inline")
        assert study.status.done == 3
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


class TestOpenStudy:
    def test_finds_it_where_the_environment_says(self, swept: Study, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SCYC_DB", swept.db)
        assert oracle.open_study("small").status == swept.status

    def test_names_what_is_there(self, swept: Study) -> None:
        with pytest.raises(oracle.StudyNotFound, match="'small'"):
            oracle.open_study("other", swept.db)

    def test_makes_no_database(self, tmp_path: Path) -> None:
        with pytest.raises(oracle.StudyError, match="There is no database"):
            oracle.open_study("s", f"sqlite:///{tmp_path}/scyc.db")
        assert os.listdir(tmp_path) == []  # noqa: PTH208 - names, not paths


def test_studies_lists_them_with_one_that_cannot_be_read(study: Study) -> None:
    from studies import Store

    with Store.open(study.db) as store:
        store.create_study("newer", {"invented": 1}, "x", "memory://newer", {})
    found = oracle.studies(study.db).set_index("study")
    assert found.loc["small", "state"] == "finished"
    assert found.loc["small", "trials"] == 18
    assert found.loc["newer", "state"] == "unreadable"
    assert "invented" in found.loc["newer", "error"]


def test_an_export_comes_back_in_another_database(swept: Study, tmp_path: Path) -> None:
    swept.export(tmp_path / "out", "csv")
    copy = oracle.import_study(tmp_path / "out", db=f"sqlite:///{tmp_path}/other.db", name="copy")
    assert copy.curve().equals(swept.curve())
