"""Opening a study: created once, gone on with afterwards, never mixed with another spec."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oracle.spec.files import load_spec, parse_spec
from oracle.spec.model import Spec
from oracle.study.opening import differences, open_study, study_spec
from scyc import InputError
from studies import Store

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.open("sqlite://") as store:
        yield store


def test_a_new_study_is_created(store: Store) -> None:
    study = open_study(store, "mine", Spec(), "memory://weights")
    assert store.studies() == [study]
    assert (study.name, study.spec, study.spec_hash) == ("mine", Spec().to_dict(), Spec().hash)
    assert study.artifacts.startswith("memory://weights")


def test_it_says_what_it_was_made_with(store: Store) -> None:
    made_with = open_study(
        store, "mine", Spec(), "memory://weights", recorded={"data": "3 training examples."}
    ).provenance
    assert made_with.keys() == {"versions", "hardware", "commit", "started", "data"}
    assert made_with["data"] == "3 training examples."
    assert {"python", "torch", "ray", "optuna"} <= made_with["versions"].keys()
    assert made_with["hardware"]["cores"] >= 1


def test_an_existing_study_is_gone_on_with(store: Store) -> None:
    study = open_study(store, "mine", Spec(), "memory://weights")
    assert open_study(store, "mine", load_spec(None, ["levels=13"]), "memory://elsewhere") == study
    assert len(store.studies()) == 1


def test_studies_of_other_names_live_side_by_side(store: Store) -> None:
    open_study(store, "mine", Spec(), "memory://weights")
    open_study(store, "yours", load_spec(None, ["levels=3"]), "memory://weights")
    assert [study_spec(study).levels for study in store.studies()] == [13, 3]


@pytest.mark.parametrize("overrides", [[], ["search.max_lr.values=[0.4, 0.1]"], ["profile.kind=cosine"]])
def test_its_spec_comes_back(overrides: list[str], store: Store) -> None:
    spec = load_spec(None, overrides)
    open_study(store, "mine", spec, "memory://weights")
    assert study_spec(store.study("mine")) == spec


def test_another_spec_is_refused_and_every_field_that_differs_is_named(store: Store) -> None:
    study = open_study(store, "mine", Spec(), "memory://weights")
    other = load_spec(None, ["levels=3", "pruning.rate=0.5", "search.max_lr.count=6", "profile.drops=[0.5]"])
    with pytest.raises(InputError) as caught:
        open_study(store, "mine", other, "memory://weights")
    message = str(caught.value)
    assert "'mine' exists with another spec" in message
    assert "levels is 13 in the study and 3 in this spec" in message
    assert "pruning.rate is 0.2 in the study and 0.5 in this spec" in message
    assert "search.max_lr.count is 12 in the study and 6 in this spec" in message
    assert "profile.drops is [0.5, 0.8] in the study and [0.5] in this spec" in message
    assert "epochs" not in message
    assert message.endswith("spec: `scyc resume mine --db sqlite://`.")
    assert store.studies() == [study]


@pytest.mark.parametrize("workload", ["__main__:train", "my_module:make.<locals>.train"])
def test_no_command_is_advised_that_cannot_train_a_function_of_a_script(workload: str, store: Store) -> None:
    own = {"engine": "own", "workload": workload}
    open_study(store, "mine", parse_spec(own, "of the test"), "memory://weights")
    with pytest.raises(InputError, match="levels is 13 in the study and 3 in this spec") as caught:
        open_study(store, "mine", parse_spec(own | {"levels": 3}, "of the test"), "memory://weights")
    message = str(caught.value)
    assert "scyc resume" not in message
    assert message.endswith("choose another name, or run its script or cell with the values that are in the study.")


def test_differences_reach_into_sections_and_see_what_is_missing() -> None:
    old = {"same": 1, "section": {"same": [1], "value": 1}, "gone": 2}
    new = {"same": 1, "section": {"same": [1], "value": 2}, "new": 3}
    assert list(differences(old, new)) == [
        "gone is 2 in the study and None in this spec",
        "new is None in the study and 3 in this spec",
        "section.value is 1 in the study and 2 in this spec",
    ]
    assert list(differences(old, old)) == []
