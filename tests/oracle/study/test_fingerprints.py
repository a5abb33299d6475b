"""What a study is trained on: recorded once, checked afterwards, never exchanged in silence."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from oracle.spec.model import Spec
from oracle.study.fingerprints import TRAINED_ON, TrainedOn, check_trained_on, recorded, trained_on_now
from oracle.study.opening import ORACLE, open_study
from scyc import InputError
from studies import StudyNotFound
from tests.oracle.simulation import Laboratory, small_spec

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "s"
NOW = TrainedOn({"training labels": "int64[3] abc", "module mine": "code 1 2"}, "/data", {"scyc": "1", "torch": "2"})
OTHER = replace(NOW, fingerprints=NOW.fingerprints | {"training labels": "int64[3] def"}, data_folder="/elsewhere")


class Checking:
    """A study with trials, and what is said when it is checked."""

    def __init__(self, lab: Laboratory) -> None:
        self.lab, self.said = lab, list[str]()

    def __call__(self, now: TrainedOn, *, accept: bool = False) -> None:
        study = self.lab.store.study(NAME)
        check_trained_on(self.lab.store, study, now, accept=accept, warn=self.said.append)

    @property
    def entries(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.lab.store.study(NAME).provenance.get(TRAINED_ON, [])
        return entries


@pytest.fixture
def check() -> Iterator[Checking]:
    with Laboratory(small_spec(levels=1)) as lab:
        checking = Checking(lab)
        checking(NOW)
        lab.finish()
        yield checking


@pytest.fixture
def older() -> Iterator[Checking]:
    """A study of a version that recorded nothing."""
    with Laboratory(small_spec(levels=1)) as lab:
        lab.finish()
        yield Checking(lab)


def test_a_new_study_records_it_without_a_word(check: Checking) -> None:
    assert [entry["fingerprints"] for entry in check.entries] == [NOW.fingerprints]
    assert recorded(check.lab.store.study(NAME)) == NOW
    assert check.said == []


def test_the_same_is_neither_refused_nor_recorded_again(check: Checking) -> None:
    check(NOW)
    check(replace(NOW, data_folder="/moved", recorded="later", fingerprints=dict(reversed(NOW.fingerprints.items()))))
    check(replace(NOW, fingerprints=NOW.fingerprints | {"module mine": "code other-comments 2"}))
    assert len(check.entries) == 1
    assert check.said == []


def test_a_change_is_refused_and_named(check: Checking) -> None:
    with pytest.raises(InputError) as caught:
        check(OTHER)
    message = str(caught.value)
    assert f"recorded at {NOW.recorded}" in message
    assert "the training labels (int64[3] abc then, int64[3] def now)" in message
    assert "/data then, /elsewhere now" in message
    assert "--accept-changes" in message
    assert "mine" not in message
    gone = replace(NOW, fingerprints={"training labels": "int64[3] abc"})
    with pytest.raises(InputError, match=r"the module mine \(code 1 then, none now\)"):
        check(gone)
    assert len(check.entries) == 1


def test_a_change_is_accepted_on_purpose_recorded_and_in_force_from_then_on(check: Checking) -> None:
    check(OTHER, accept=True)
    assert [entry["accepted"] for entry in check.entries] == [[], ["training labels"]]
    check(OTHER)
    with pytest.raises(InputError, match="training labels"):
        check(NOW)
    assert check.said == []


def test_a_study_of_an_older_version_continues_with_one_warning(older: Checking) -> None:
    older(NOW)
    data, versions = older.said
    assert "older version" in data
    assert "continues with scyc 1 and torch 2" in versions
    older(NOW)
    assert len(older.said) == 2
    with pytest.raises(InputError, match="training labels"):
        older(OTHER)


def test_before_anything_is_trained_everything_may_change() -> None:
    with Laboratory(small_spec(levels=1)) as lab:
        check = Checking(lab)
        check(NOW)
        check(OTHER)
        assert check.said == []
        assert check.entries[-1]["fingerprints"] == OTHER.fingerprints


def test_another_version_of_what_trains_is_said_once(check: Checking) -> None:
    newer = replace(NOW, versions={"scyc": "1", "torch": "3"})
    check(newer)
    check(newer)
    [sentence] = check.said
    assert "trained with torch 2 and continues with torch 3" in sentence
    assert [entry["versions"]["torch"] for entry in check.entries] == ["2", "3"]


@pytest.mark.parametrize("entries", [None, "text", [], [1], [{}], [{"fingerprints": {"a": 1, "b": ""}}]])
def test_a_record_that_was_edited_is_no_record(entries: Any, check: Checking) -> None:
    study = check.lab.store.study(NAME)
    edited = replace(study, provenance={"versions": {"torch": "2", "scyc": None}, TRAINED_ON: entries})
    assert recorded(edited).fingerprints == {}
    said: list[str] = []
    check_trained_on(check.lab.store, edited, NOW, accept=False, warn=said.append)
    assert "older version" in said[0]


def test_an_export_carries_it(check: Checking) -> None:
    store = check.lab.store
    copy = store.load_study(store.dump_study(NAME), name="copy")
    assert recorded(copy) == NOW
    with pytest.raises(InputError, match="'copy'"):
        check_trained_on(store, copy, OTHER, accept=False, warn=check.said.append)


def test_now_is_what_this_machine_has() -> None:
    now = trained_on_now(Spec(workload="digits/mlp-20"))
    assert {"training inputs", "test labels"} <= now.fingerprints.keys()
    assert now.versions.keys() == {"scyc", "torch"}


def test_only_a_study_that_is_there_has_a_record(check: Checking) -> None:
    with pytest.raises(StudyNotFound):
        check.lab.store.add_provenance(999, TRAINED_ON, {})
    study = open_study(check.lab.store, "new", small_spec(), "memory://new")
    assert TRAINED_ON not in study.provenance
    assert check.lab.store.find_run(study.id, ORACLE) is None
