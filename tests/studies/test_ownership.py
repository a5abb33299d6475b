"""An artifact store belongs to one database, and what one database deletes is never another's."""

from __future__ import annotations

import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from oracle.testing.records import RESULT, finish, new
from studies import Artifacts, NewCheckpoint, Store, StudyError, claim, owner, retire, upgrade
from tests.studies.server import MIGRATED

if TYPE_CHECKING:
    from tests.studies.server import Server

WEIGHTS = b"a winner's weights"


def swept(store: Store, name: str, url: str) -> str:
    """Make a study whose only trial lists its weights in a store; return their hash."""
    artifacts = claim(store, url)
    study = store.create_study(name, {}, "h", artifacts.url, {})
    [trial] = store.add_trials(store.open_run(study.id, "oracle").id, [new()])
    digest = artifacts.put(WEIGHTS)
    finish(store, trial.id, RESULT, [NewCheckpoint(digest, "trained", len(WEIGHTS), None)])
    return digest


@pytest.fixture
def project(tmp_path: Path, migrated: Path) -> Path:
    """A folder with a database and, beside it, the store of its study."""
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copy(migrated, folder / "a.db")
    with Store.open(f"sqlite:///{folder}/a.db") as store:
        swept(store, "s", f"{folder}/a-artifacts/s")
    return folder


def claimed(database: Path) -> Artifacts:
    """The store of the study in a database's file, claimed for it."""
    with Store.open(f"sqlite:///{database}", create=False) as store:
        return claim(store, store.study("s").artifacts)


@pytest.fixture(params=["folder", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "weights") if request.param == "folder" else f"memory://{uuid4().hex}"


def copy_of(migrated: Path, path: Path) -> Store:
    shutil.copy(migrated, path)
    return Store.open(f"sqlite:///{path}")


class TestTwoDatabases:
    def test_the_second_is_refused(self, place: str, tmp_path: Path, migrated: Path) -> None:
        with copy_of(migrated, tmp_path / "a.db") as one, copy_of(migrated, tmp_path / "a.sqlite") as other:
            digest = swept(one, "s", place)
            with pytest.raises(StudyError, match=rf"belongs to another database, {tmp_path}/a\.db, .*--artifacts"):
                claim(other, place)
            assert other.artifact_stores() == {}
            assert claim(one, place).get(digest) == WEIGHTS

    def test_one_of_two_at_once_gets_it(self, place: str, tmp_path: Path, migrated: Path) -> None:
        stores = [copy_of(migrated, tmp_path / f"{number}.db") for number in range(4)]
        together = Barrier(len(stores))

        def attempt(store: Store) -> bool:
            together.wait(30)
            try:
                claim(store, place)
            except StudyError:
                return False
            return True

        with ThreadPoolExecutor(len(stores)) as pool:
            won = list(pool.map(attempt, stores))
        assert won.count(True) == 1
        there = owner.read(Artifacts(place))
        assert there is not None
        assert there.id in stores[won.index(True)].artifact_stores()
        for store in stores:
            store.close()

    def test_drivers_of_one_database_share_it(self, place: str, tmp_path: Path, migrated: Path) -> None:
        stores = [copy_of(migrated, tmp_path / "a.db")] + [Store.open(f"sqlite:///{tmp_path}/a.db") for _ in range(3)]
        with ThreadPoolExecutor(len(stores)) as pool:
            assert len({artifacts.url for artifacts in pool.map(lambda store: claim(store, place), stores)}) == 1
        for store in stores:
            store.close()

    def test_weights_of_nobody_known_are_not_taken(self, place: str, tmp_path: Path, migrated: Path) -> None:
        Artifacts(place).put(WEIGHTS)
        with copy_of(migrated, tmp_path / "a.db") as store:
            with pytest.raises(StudyError, match="holds weights that may belong to another database"):
                claim(store, place)
            taken = claim(store, place, take_over=True)
            for digest in list(taken.hashes()):
                taken.delete(digest)
            assert len(list(taken.hashes())) == 1

    def test_a_new_database_in_the_place_of_a_former_one_deletes_nothing_of_it(
        self, place: str, tmp_path: Path, migrated: Path
    ) -> None:
        with copy_of(migrated, tmp_path / "a.db") as store:
            digest = swept(store, "s", place)
        (tmp_path / "a.db").rename(tmp_path / "kept.db")
        with copy_of(migrated, tmp_path / "a.db") as store:
            artifacts = claim(store, place)
            artifacts.delete(digest)
        assert artifacts.get(digest) == WEIGHTS
        with pytest.raises(StudyError, match=r"artifacts s --db sqlite:///\S+/kept\.db --take-over --at COPY"):
            claimed(tmp_path / "kept.db")

    def test_of_one_server(self, server: Server, tmp_path: Path, postgresql: str) -> None:
        other = server.empty()
        with Store.open(postgresql) as one, Store.open(other) as two:
            swept(one, "s", str(tmp_path / "w"))
            with pytest.raises(StudyError, match="belongs to another database, and"):
                claim(two, str(tmp_path / "w"))
        server.drop(other)
        server.execute("TRUNCATE scyc_artifact_stores", MIGRATED)


class TestCopies:
    def test_a_copy_of_the_file_is_no_owner(self, project: Path) -> None:
        shutil.copy(project / "a.db", project / "copy.db")
        with pytest.raises(StudyError, match=rf"belongs to another database, {project}/a\.db"):
            claimed(project / "copy.db")
        claimed(project / "a.db")

    def test_nor_is_one_elsewhere_that_shares_a_store(self, tmp_path: Path, place: str, migrated: Path) -> None:
        for name in ("one", "other"):
            (tmp_path / name).mkdir()
        with copy_of(migrated, tmp_path / "one" / "a.db") as store:
            swept(store, "s", place)
        shutil.copy(tmp_path / "one" / "a.db", tmp_path / "other" / "a.db")
        with pytest.raises(StudyError, match="belongs to another database"):
            claimed(tmp_path / "other" / "a.db")

    def test_a_copy_of_the_folder_is_taken_over(self, project: Path) -> None:
        shutil.copy(project / "a.db", project / "copy.db")
        shutil.copytree(project / "a-artifacts" / "s", project / "mine")
        with Store.open(f"sqlite:///{project}/copy.db") as store:
            with pytest.raises(StudyError, match="belongs to another"):
                claim(store, f"{project}/mine")
            artifacts = claim(store, f"{project}/mine", take_over=True)
            store.place_study(store.study("s").id, artifacts.url)
        assert claimed(project / "copy.db").url == str(project / "mine")
        assert claimed(project / "a.db").url == str(project / "a-artifacts" / "s")

    def test_of_the_whole_folder_are_two_projects(self, project: Path) -> None:
        shutil.copytree(project, project.with_name("copy"))
        for folder in (project, project.with_name("copy")):
            artifacts = claimed(folder / "a.db")
            assert artifacts.url == str(folder / "a-artifacts" / "s")
            assert list(map(artifacts.get, artifacts.hashes())) == [WEIGHTS]


class TestMoves:
    def test_a_folder_that_is_renamed(self, project: Path) -> None:
        moved = project.rename(project.with_name("moved"))
        assert claimed(moved / "a.db").url == str(moved / "a-artifacts" / "s")
        assert not project.exists()

    def test_a_file_that_is_renamed(self, project: Path) -> None:
        claimed((project / "a.db").rename(project / "b.db"))
        claimed((project / "b.db").rename(project / "c.db"))

    def test_a_link_to_the_file(self, project: Path, tmp_path: Path) -> None:
        (tmp_path / "link.db").symlink_to(project / "a.db")
        assert claimed(tmp_path / "link.db").url == str(project / "a-artifacts" / "s")

    def test_a_store_that_is_renamed(self, project: Path) -> None:
        (project / "a-artifacts").rename(project / "w")
        with pytest.raises(
            StudyError, match=r"a-artifacts/s of the study 's' is not there.*artifacts s --db .*a\.db --at FOLDER"
        ):
            claimed(project / "a.db")
        assert not (project / "a-artifacts").exists()
        with Store.open(f"sqlite:///{project}/a.db") as store:
            claim(store, f"{project}/w/s")
        assert claimed(project / "a.db").url == str(project / "w" / "s")

    def test_a_store_that_was_emptied(self, project: Path) -> None:
        shutil.rmtree(project / "a-artifacts" / "s")
        (project / "a-artifacts" / "s").mkdir()
        with pytest.raises(StudyError, match="has none of its weights"):
            claimed(project / "a.db")

    def test_a_name_with_a_chain_of_urls_in_it(self, tmp_path: Path, migrated: Path) -> None:
        folder = tmp_path / "a::b"
        folder.mkdir()
        with copy_of(migrated, folder / "x.db") as store:
            digest = swept(store, "s", f"{folder}/w/lr::a")
        assert (folder / "w" / "lr::a" / digest[:2] / digest).exists()
        assert list(tmp_path.iterdir()) == [folder]


class TestRetiring:
    def test_a_store_that_no_study_uses_is_given_up(self, project: Path) -> None:
        with Store.open(f"sqlite:///{project}/a.db") as store:
            artifacts = claim(store, store.study("s").artifacts)
            assert not retire(store, artifacts)
            for digest in store.delete_study("s"):
                artifacts.delete(digest)
            assert retire(store, artifacts)
            assert store.artifact_stores() == {}
        assert not (project / "a-artifacts" / "s").exists()

    def test_files_of_others_stay(self, project: Path) -> None:
        root = project / "a-artifacts" / "s"
        mine = [root / "tmp" / "notes.txt", root / ("e" * 64), root / "ab" / "deep" / ("a" * 64)]
        for path in mine:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        with Store.open(f"sqlite:///{project}/a.db") as store:
            artifacts = claim(store, store.study("s").artifacts)
            assert len(list(artifacts.hashes())) == 1
            artifacts.delete_remains()
            for digest in store.delete_study("s"):
                artifacts.delete(digest)
            retire(store, artifacts)
        assert all(path.exists() for path in mine)


class TestOlderVersions:
    @pytest.fixture
    def old(self, project: Path) -> Path:
        """What a version left that named stores by absolute paths, and gave them no owner."""
        from alembic import command

        from studies import migrations
        from studies.database import Database

        with closing(Database(f"sqlite:///{project}/a.db", create=False)) as database, database.migration() as opened:
            command.downgrade(migrations.config(opened), "0004")
        (project / "a-artifacts" / "s" / owner.NAME).unlink()
        return project

    def test_a_store_is_adopted_once(self, old: Path) -> None:
        foreign = Artifacts(f"{old}/a-artifacts/s").put(b"weights of another database")
        shutil.copy(old / "a.db", old / "a.sqlite")
        for name in ("a.db", "a.sqlite"):
            upgrade(f"sqlite:///{old}/{name}")
        artifacts = claimed(old / "a.db")
        artifacts.delete(foreign)
        assert artifacts.exists(foreign)
        with pytest.raises(StudyError, match=r"belongs to another database, .*a\.db"):
            claimed(old / "a.sqlite")

    def test_is_read_before_it_is_upgraded(self, old: Path) -> None:
        before = (old / "a.db").read_bytes()
        with Store.open(f"sqlite:///{old}/a.db", read_only=True) as store:
            study = store.study("s")
            assert study.artifacts == str(old / "a-artifacts" / "s")
            assert store.answers(1, "test") == {}
            assert store.dump_study("s")["answers"] == []
            assert store.machines(study.id) == {}
            assert [trial.stop_epoch for trial in store.trials(1)] == [None] * len(store.trials(1))
            assert {trial["stop_below"] for trial in store.dump_study("s")["trials"]} <= {None}
            assert store.dump_study("s")["machines"] == []
        assert (old / "a.db").read_bytes() == before
        with pytest.raises(StudyError, match="studies upgrade"):
            Store.open(f"sqlite:///{old}/a.db")

    def test_a_path_beside_the_file_becomes_relative(self, old: Path) -> None:
        upgrade(f"sqlite:///{old}/a.db")
        moved = old.rename(old.with_name("moved"))
        assert claimed(moved / "a.db").url == str(moved / "a-artifacts" / "s")

    def test_a_folder_that_was_moved_or_copied_before(self, old: Path) -> None:
        shutil.copytree(old, old.with_name("copy"))
        for folder in (old.with_name("copy"), old):
            upgrade(f"sqlite:///{folder}/a.db")
            assert claimed(folder / "a.db").url == str(folder / "a-artifacts" / "s")

    def test_a_name_that_was_cut_off(self, old: Path) -> None:
        with closing(sqlite3.connect(old / "a.db")) as database, database:
            database.execute("UPDATE scyc_studies SET artifacts = artifacts || '::tail'")
        upgrade(f"sqlite:///{old}/a.db")
        assert claimed(old / "a.db").url == str(old / "a-artifacts" / "s")


def test_a_damaged_note_is_said(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owner, "_PAUSE", 0.0)
    (project / "a-artifacts" / "s" / owner.NAME).write_text("{")
    with pytest.raises(StudyError, match="which says whose these weights are, is damaged"):
        claimed(project / "a.db")
