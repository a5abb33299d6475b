"""Random edits of an exported study, and of the rows of one in its database; and every command on every study."""

from __future__ import annotations

import copy
import json
import math
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from oracle.api.errors import InputError, StudyError
from oracle.api.managing import delete_study, import_study, listing
from oracle.api.study_reader import StudyReader
from oracle.driver.events import Listener
from oracle.driver.oracle_run import OracleRun
from oracle.results.run_view import view_runs
from oracle.results.study_view import to_json
from oracle.study.export import write_export
from oracle.study.opening import ORACLE
from scyc import SCyc, policy_to_dict
from scyc.policies import Policy
from studies import Artifacts, Store
from tests.oracle.simulation import Answering, small_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from random import Random

    from studies import Tables

Outcome = str
"""What came of an edit: "refused", "works", "said" (a sentence on the study itself), or what went wrong."""

_JUNK: tuple[Any, ...] = (
    *(None, True, False, -1, 0, 1, 2, 7, 2**31, 2**63, 10**400, -0.0, 0.5, 1.0, 1.5, 1e-300, 1e300),
    *(math.nan, math.inf, -math.inf, "", "x", "x" * 300, "a\0b", "\x1b[31m", "../..", "a::b", "\ud800", "0" * 64),
    *([], {}, [[]], {"kind": "junk"}, "9999-12-31T23:59:59-23:00", "yesterday", "s3://elsewhere/weights"),
)


def sample(folder: Path) -> tuple[Tables, str]:
    """Return the tables of a finished study with a run of a schedule, and the URL of a database that has it twice."""
    url = f"sqlite:///{folder}/scyc.db"
    with Answering(small_spec(), optimum=0.28, url=url, name="good") as lab:
        lab.finish()
        policy = Policy(SCyc(0.1, 0.2, 2.0, 1, 0.2))
        run = lab.open_walk(policy)
        assert run.policy == policy_to_dict(policy)
        lab.work(lab.walk(run))
        tables = lab.store.dump_study("good")
        lab.store.load_study(copy.deepcopy(tables), name="bad", artifacts=str(folder / "w"))
    return tables, url


def edit_export(tables: Tables, random: Random) -> tuple[Tables, str]:
    """Return the tables with one edit, and what it is."""
    edited: Any = copy.deepcopy(tables)
    table = random.choice([name for name, rows in tables.items() if rows])
    rows = edited[table]
    number = random.randrange(len(rows))
    match random.choice(["value"] * 12 + ["swap", "drop row", "double row", "drop column", "new column", "no rows"]):
        case "value":
            column = random.choice(sorted(rows[number]))
            rows[number][column], what = _other(rows[number][column], random)
            return edited, f"{table}.{column} = {what}"
        case "swap":
            column, other = random.choice(sorted(rows[number])), random.randrange(len(rows))
            rows[number][column], rows[other][column] = rows[other][column], rows[number][column]
            return edited, f"{table}.{column} of two rows"
        case "drop row":
            del rows[number]
        case "double row":
            rows.append(copy.deepcopy(rows[number]))
        case "drop column":
            del rows[number][random.choice(sorted(rows[number]))]
        case "new column":
            rows[number]["new"] = 1
        case _:
            edited[table] = random.choice([[], {}, None, "junk", [1], [[]], [None]])
    return edited, f"rows of {table}"


def try_export(tables: Tables, folder: Path) -> Outcome:
    """Import tables into a new database in a folder, and call every command; "refused" if nothing was written."""
    shutil.rmtree(folder, ignore_errors=True)
    write_export({name: [] for name in tables}, folder / "export", "json")
    for name, rows in tables.items():
        (folder / "export" / f"{name}.json").write_text(json.dumps(rows))
    url = f"sqlite:///{folder}/into.db"
    try:
        name = import_study(folder / "export", url, artifacts=f"memory://{folder.name}")
    except (InputError, StudyError) as error:
        if not str(error).endswith(".") or ((folder / "into.db").exists() and _names(url)):
            return f"refused, and yet: {error}"
        return "refused"
    with Store.open(url, read_only=True) as store:
        [row] = listing(store)
        if row["state"] == "unreadable":
            return f"listed as unreadable: {row['error']}"
        problems = [problem for problem in _every_command(store, url, name) if not isinstance(problem, InputError)]
    with Store.open(url) as store:
        study = store.study(name)
        spec, run = StudyReader(name, url, store).spec, store.open_run(study.id, ORACLE)
        OracleRun(store, run, spec, Artifacts(study.artifacts), Listener()).next(1)
    return repr(problems[0]) if problems else "works"


def edit_rows(url: str, random: Random) -> str:
    """Edit a row of the study "bad" in an SQLite file, past every constraint; return what was edited."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database, database:
        database.execute("PRAGMA ignore_check_constraints = ON")
        study = "SELECT id FROM scyc_studies WHERE name = 'bad'"
        run = f"SELECT id FROM scyc_runs WHERE study_id = ({study})"
        trial = f"SELECT id FROM scyc_trials WHERE run_id IN ({run})"
        table, key, of = random.choice(
            [
                ("studies", "id", study),
                ("runs", "id", run),
                *(("levels", "run_id", run),) * 2,
                *(("trials", "id", trial),) * 3,
                ("epochs", "trial_id", trial),
                ("answers", "trial_id", trial),
                ("checkpoints", "trial_id", trial),
                ("measurements", "run_id", run),
            ]
        )
        columns = [row[1] for row in database.execute(f"PRAGMA table_info(scyc_{table})")]
        column = random.choice(
            [name for name in columns if (table, name) not in {("studies", "name"), ("studies", "id")}]
        )
        found = database.execute(f"SELECT rowid, {column} FROM scyc_{table} WHERE {key} IN ({of})").fetchall()
        if not found:
            return "nothing"
        rowid, value = random.choice(found)
        if table != "studies" and random.random() < 0.1:
            database.execute(f"DELETE FROM scyc_{table} WHERE rowid = ?", [rowid])
            return f"row of {table}"
        value, what = _other(value, random)
        if isinstance(value, dict | list):
            value = json.dumps(value)
        try:
            database.execute(f"UPDATE scyc_{table} SET {column} = ? WHERE rowid = ?", [value, rowid])
        except (sqlite3.Error, OverflowError, UnicodeError):
            return "nothing"
        return f"{table}.{column} = {what}"


def try_rows(url: str, expected: Any) -> Outcome:
    """Call every command on every study of an edited database, then delete the study "bad".

    Args:
        url: the database.
        expected: what is shown of the study "good".
    """
    with Store.open(url, read_only=True) as store:
        if {row["study"] for row in listing(store)} != {"good", "bad"}:
            return "a study is not listed"
        if shown(store, url) != expected:
            return "the other study is shown differently"
        said = list(_every_command(store, url, "bad"))
    for error in said:
        if not isinstance(error, InputError | StudyError):
            return repr(error)
    delete_study("bad", url, lambda _: None)
    with Store.open(url, read_only=True) as store:
        if [row["study"] for row in listing(store)] != ["good"] or shown(store, url) != expected:
            return "deleting it changed something else"
    return "said" if said else "works"


def shown(store: Store, url: str) -> Any:
    """What `scyc show --json` shows of the study "good"."""
    return json.loads(json.dumps(to_json(StudyReader("good", url, store).view())))


def _every_command(store: Store, url: str, name: str) -> Iterator[Exception]:
    """Call everything that shows a study; yield what was raised."""
    reader = StudyReader(name, url, store)
    calls: list[Callable[[], Any]] = [
        lambda: reader.status.to_json(),
        lambda: json.dumps(to_json(reader.view()), allow_nan=False),
        reader.report_html,
        reader.curve,
        reader.trials,
        reader.epochs,
        reader.gradients,
        reader.answers,
        lambda: reader.to_json(answers=True),
        reader.compare,
        reader.contenders,
        lambda: view_runs(store, store.study(name)),
        lambda: store.dump_study(name),
    ]
    for call in calls:
        try:
            call()
        except Exception as error:
            yield error


def _names(url: str) -> list[str]:
    with Store.open(url, read_only=True) as store:
        return list(store.study_names().values())


def _other(value: Any, random: Random) -> tuple[Any, str]:
    """Return another value, and how to call it: junk, a number nearby, or a section with one value changed."""
    if isinstance(value, dict) and value and random.random() < 0.7:
        key = random.choice(sorted(value))
        changed, what = _other(value[key], random)
        return {**value, key: changed}, f"{{{key}: {what}}}"
    if isinstance(value, int | float) and random.random() < 0.3:
        factor = random.choice([0.5, 2, -1, 1 + 1e-9])
        return type(value)(value * factor), f"{factor} times as much"
    if random.random() < 0.05:
        deep: Any = []
        for _ in range(200):
            deep = [deep]
        return deep, "nested"
    junk = random.choice(_JUNK)
    return junk, "10**400" if isinstance(junk, int) and junk > 2**64 else ascii(junk)[:40]
