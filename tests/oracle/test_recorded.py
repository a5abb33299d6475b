"""Studies that an earlier version made are read, resumed, extended and compared with the same numbers to the bit.

`recorded/` holds what version 0.1.0 left at commit fe2de46: one study that was stopped within a level, and one that was
finished and then had schedules trained; what that version showed of the latter, before and after it extended it, under
the names of today. Two things are of the program as it is now: the `paired` intervals, which pool the noise over the
levels, and the fit of S-Cyc, which goes to the posterior of the surface. The last digits of the fit differ between
processors, so it is held to 1 %.
"""

from __future__ import annotations

import json
import sqlite3
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import oracle
from oracle.comparison import to_json as comparison_to_json
from oracle.execution.messages import Outcome, TrialRequest
from oracle.execution.network_worker import NetworkWorker
from oracle.results.plain import to_json
from oracle.spec.files import load_spec
from oracle.spec.presets import preset
from oracle.study.opening import study_spec
from studies import Artifacts, Store, upgrade

if TYPE_CHECKING:
    from oracle import Study

RECORDED = Path(__file__).parent / "recorded"


def expected(name: str) -> Any:
    return json.loads((RECORDED / name).read_text(encoding="utf-8"))


def restored(name: str, folder: Path) -> Study:
    """The study of a recorded database, put back as the earlier version left it."""
    artifacts = folder / f"{name}-artifacts"
    with tarfile.open(RECORDED / f"{name}-artifacts.tar") as archive:
        archive.extractall(folder, filter="data")
    dump = (RECORDED / f"{name}.sql").read_text(encoding="utf-8").replace("ARTIFACTS", str(artifacts))
    connection = sqlite3.connect(folder / "scyc.db")
    connection.executescript(dump)
    connection.close()
    upgrade(f"sqlite:///{folder}/scyc.db")
    return oracle.open_study("recorded", db=f"sqlite:///{folder}/scyc.db")


@pytest.fixture
def finished(tmp_path: Path) -> Study:
    return restored("finished", tmp_path)


@pytest.fixture
def same_bits(finished: Study) -> None:
    """Skip where another kind of processor than the recording one trains to other bits."""
    with Store.open(finished.db) as store:
        study = store.study(finished.name)
        run = store.find_run(study.id, "oracle")
        assert run is not None
        trial = next(trial for trial in store.trials(run.id, level=0) if trial.result is not None)
        worker = NetworkWorker(replace_engine(study_spec(study)), Artifacts("memory://same-bits"))
    [answer] = worker.attempt([TrialRequest(trial.id, 0, trial.seed, trial.max_lr, None, None)])
    assert isinstance(answer, Outcome)
    assert trial.result is not None
    if answer.result.checkpoint != trial.result.checkpoint:
        pytest.skip("This processor trains to other bits than the one that the study was recorded on.")


def replace_engine(spec: oracle.Spec) -> oracle.Spec:
    return spec.model_copy(update={"engine": "eager"})


def without_seconds(levels: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Levels without what a stopwatch said and without rows' numbers, which a new trial gets by its turn."""
    kept = [
        level | {"trials": [{k: v for k, v in t.items() if k not in ("seconds", "id")} for t in level["trials"]]}
        for level in levels
    ]
    return json.loads(json.dumps(kept))  # type: ignore[no-any-return]


def without_sentences(value: Any) -> Any:
    """Plain values without what they say in words, which a later version may say otherwise."""
    if isinstance(value, dict):
        said = ("sentence", "sentences", "notes")
        return {key: without_sentences(inner) for key, inner in value.items() if key not in said}
    return [without_sentences(inner) for inner in value] if isinstance(value, list) else value


def without_the_model(comparison: dict[str, Any]) -> dict[str, Any]:
    """A comparison without what the earlier version did not say, and without what is by the model of the surface.

    The last digits of the model differ between processors.
    """
    del comparison["schedules"]["smooth"]
    assert comparison.pop("metric")["name"] == "accuracy"
    assert {run.pop("judged_on") for run in comparison["runs"].values()} == {"test"}
    for verdict in comparison["schedules"].values():
        del verdict["model"]
        for level in verdict["levels"]:
            del level["probability"], level["model_regret"]
    return comparison


def shown(study: Study) -> dict[str, Any]:
    """What `scyc show --json` prints, without the rules and the model that the earlier version did not have."""
    found = json.loads(json.dumps(to_json(study.view())))
    assert (found.pop("version"), found.pop("metric")["name"]) == (2, "accuracy")
    for level in found["levels"]:
        del level["model"]
        for key in ("interval", "open", "gaps"):
            level[key] = {rule: level[key][rule] for rule in ("within", "paired")}
    return found  # type: ignore[no-any-return]


def test_the_hashes_of_specs_are_what_they_were() -> None:
    for name, hashes in expected("hashes.json").items():
        title, _, small = name.partition("@")
        spec = preset(title, small=bool(small)) if title else load_spec(None, ["workload=mnist1d/mlp-300-100"])
        assert [spec.hash, spec.trial_hash] == hashes, name


def test_a_study_is_read(finished: Study) -> None:
    assert shown(finished) == expected("finished-show.json")


@pytest.mark.parametrize("rule", ["within", "paired"])
def test_a_study_is_compared(rule: str, finished: Study) -> None:
    found = without_the_model(json.loads(json.dumps(comparison_to_json(finished.compare(rule=rule)))))
    fitted = [found.pop("fit")["max_lr"], [level["max_lr"] for level in found["schedules"].pop("fitted")["levels"]]]
    assert fitted == [pytest.approx(list(expected("finished-fitted.json")["max_lr"].values()), rel=0.01)] * 2
    assert without_sentences(found) == without_sentences(expected(f"finished-compare-{rule}.json"))


def test_a_schedule_is_fitted(finished: Study) -> None:
    schedule = finished.schedule("fitted")
    found = {str(level): schedule(level) for level in range(4)}
    assert found == pytest.approx(expected("finished-fitted.json")["max_lr"], rel=0.01)


@pytest.mark.usefixtures("same_bits")
def test_a_study_is_extended(finished: Study) -> None:
    with pytest.warns(UserWarning, match="older version, which did not record their data and code"):
        finished.extend(seeds=[3], candidates=[0.4], executor="inline", mirror=False)
    assert without_seconds(shown(finished)["levels"]) == without_seconds(expected("extended-show.json")["levels"])


@pytest.mark.usefixtures("same_bits")
def test_a_study_is_resumed(tmp_path: Path) -> None:
    folder = tmp_path / "halfway"
    folder.mkdir()
    halfway = restored("halfway", folder)
    assert 0 < len(halfway.status.decided) < 4
    with pytest.warns(UserWarning, match="older version, which did not record their data and code"):
        halfway.resume(executor="inline", mirror=False)
    assert without_seconds(shown(halfway)["levels"]) == without_seconds(expected("finished-show.json")["levels"])
