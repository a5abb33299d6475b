"""Weights that are moved, copied, shared or left behind, as a user meets them."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from oracle.api.defaults import default_artifacts, study_name
from scyc import InputError
from studies import Artifacts, Store
from tests.oracle.cli.test_studies import tiny

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.oracle.cli.conftest import Ended

__all__ = ["tiny"]


def weights(folder: Path) -> set[str]:
    return set(Artifacts(str(folder)).hashes())


@pytest.mark.slow
def test_deleting_a_copy_of_the_database_leaves_the_weights(tiny: Path, scyc: Callable[..., Ended]) -> None:
    before = weights(tiny / "scyc-artifacts" / "demo")
    shutil.copy(tiny / "scyc.db", tiny / "copy.db")
    for command in (("extend", "demo", "--levels", "2", "--executor", "inline"), ("resume", "demo")):
        refused = scyc(*command, "--db", "sqlite:///copy.db")
        assert refused.code == 2
        assert "scyc.db" in refused.err
        assert "--take-over" in refused.err
    deleted = scyc("studies", "delete", "demo", "--yes", "--db", "sqlite:///copy.db")
    assert deleted.code == 0
    assert "were left as they are" in deleted.err
    assert scyc("studies", "gc", "--db", "sqlite:///copy.db").code == 0
    assert weights(tiny / "scyc-artifacts" / "demo") == before
    assert scyc("extend", "demo", "--levels", "2", "--executor", "inline").code == 0


def test_an_import_does_not_say_where_weights_are(tiny: Path, scyc: Callable[..., Ended]) -> None:
    original, theirs = tiny / "scyc-artifacts" / "demo", Artifacts(str(tiny / "theirs"))
    before, foreign = weights(original), theirs.put(b"somebody else's")
    assert scyc("studies", "export", "demo", "--out", "out").code == 0
    rows = json.loads((tiny / "out" / "studies.json").read_text())
    for place in (str(original), theirs.url, "s3://nowhere/at/all", "../.."):
        rows[0]["artifacts"] = place
        (tiny / "out" / "studies.json").write_text(json.dumps(rows))
        assert scyc("studies", "import", "out", "--name", "copy").code == 0
        assert scyc("studies", "gc").code == 0
        assert scyc("studies", "delete", "copy", "--yes").code == 0
    assert scyc("studies", "import", "out", "--name", "same", "--artifacts", str(original)).code == 0
    assert scyc("studies", "delete", "same", "--yes").code == 0
    assert weights(original) == before
    assert theirs.exists(foreign)


def test_what_breaks_a_rule_is_not_imported(tiny: Path, scyc: Callable[..., Ended]) -> None:
    assert scyc("studies", "export", "demo", "--out", "out").code == 0
    good = {path.name: path.read_text() for path in (tiny / "out").iterdir()}
    for table, column, value, rule in (
        ("levels", "winner", 0.3, "winner 0.3 was not trained"),
        ("levels", "level", 1, "without a gap"),
        ("trials", "density", 1e-300, "density should be at least"),
        ("trials", "seed", -1, "seed should be at least 0"),
        ("studies", "spec", [], "row 0 of studies: spec should be"),
        ("studies", "spec_hash", "0" * 64, "hash of a spec"),
        ("studies", "name", "a\x1b[31m", "printable"),
        ("runs", "policy", {"schedule": "junk"}, "policy"),
    ):
        rows = json.loads(good[f"{table}.json"])
        rows[0][column] = value
        (tiny / "out" / f"{table}.json").write_text(json.dumps(rows))
        refused = scyc("studies", "import", "out", "--db", "sqlite:///other.db")
        assert refused.code == 2, (table, column)
        assert rule in refused.err.replace("\n", " "), refused.err
        (tiny / "out" / f"{table}.json").write_text(good[f"{table}.json"])
    for text in ("[" * 100_000, "[{}", '[{"id": NaN}]', "{}"):
        (tiny / "out" / "trials.json").write_text(text)
        refused = scyc("studies", "import", "out", "--db", "sqlite:///other.db")
        assert refused.code == 2
        assert "trials" in refused.err
    assert not (tiny / "other.db").exists()


def test_what_a_killed_delete_left_is_collected(tiny: Path, scyc: Callable[..., Ended]) -> None:
    before = weights(tiny / "scyc-artifacts" / "demo")
    with Store.open(f"sqlite:///{tiny}/scyc.db") as store:
        store.delete_study("demo")  # the process ends here
    assert json.loads(scyc("studies", "gc", "--json").out)["deleted"] == sorted(before)
    assert not (tiny / "scyc-artifacts" / "demo").exists()


def test_an_edited_study_hides_no_other_and_can_be_deleted(tiny: Path, scyc: Callable[..., Ended]) -> None:
    with Store.open(f"sqlite:///{tiny}/scyc.db") as store:
        store.load_study(store.dump_study("demo"), name="bad", artifacts="memory://bad")
    for column, value in (("created_at", "yesterday"), ("provenance", "[1"), ("spec", "[]"), ("artifacts", "nope://x")):
        with closing(sqlite3.connect(tiny / "scyc.db")) as database, database:
            database.execute(f"UPDATE scyc_studies SET {column} = ? WHERE name = 'bad'", [value])
        assert {row["study"] for row in json.loads(scyc("studies", "list", "--json").out)} == {"demo", "bad"}
        assert scyc("show", "demo").code == 0
    shown = scyc("show", "bad")
    assert shown.code == 2
    assert shown.err.strip().endswith(".")
    assert scyc("studies", "delete", "bad", "--yes").code == 0
    assert [row["study"] for row in json.loads(scyc("studies", "list", "--json").out)] == ["demo"]


def test_weights_are_where_the_user_says(tiny: Path, scyc: Callable[..., Ended]) -> None:
    (tiny / "scyc-artifacts" / "demo").rename(tiny / "moved")
    refused = scyc("resume", "demo", "--executor", "inline")
    assert refused.code == 2
    assert "scyc studies artifacts demo --db sqlite:///scyc.db --at FOLDER" in refused.err
    assert scyc("studies", "artifacts", "demo", "--at", "nowhere").code == 2
    assert not (tiny / "nowhere").exists()
    assert scyc("studies", "artifacts", "demo", "--at", "moved").code == 0
    assert scyc("extend", "demo", "--levels", "2", "--executor", "inline").code == 0
    assert not (tiny / "scyc-artifacts" / "demo").exists()


def test_default_places_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))  # where those of databases in memory are made
    urls = [
        f"sqlite:///{tmp_path}/scyc.db",
        f"sqlite:///{tmp_path}/scyc.sqlite",
        f"sqlite+pysqlite:///{tmp_path}/scyc.sqlite3",
        "postgresql://me@one/scyc",
        "postgresql://me@two/scyc",
        "postgresql://me@one/other",
        "sqlite://",
        "sqlite://",
    ]
    places = [default_artifacts(url) for url in urls]
    assert len(set(places)) == len(urls)
    assert places[0] == f"{tmp_path}/scyc-artifacts"


@pytest.mark.parametrize("name", ["", ".", "..", "-a", "a/b", "a\x1b[31m"])
def test_a_name_that_is_no_folder(name: str) -> None:
    with pytest.raises(InputError, match="must be printable text"):
        study_name(name)
