"""Check a finished study without the project's own code: with plain SQL, on a separate connection."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator


QUESTIONS = {
    "trials": "SELECT count(*) FROM scyc_trials",
    "trials that are complete": "SELECT count(*) FROM scyc_trials WHERE state = 'complete'",
    "keys that occur more than once": """
        SELECT count(*) FROM (
            SELECT 1 FROM scyc_trials GROUP BY run_id, level, seed, max_lr, parent, spec_hash HAVING count(*) > 1
        ) AS twins""",
    "trials that lack an epoch, or have one too many": """
        SELECT count(*) FROM (
            SELECT t.id FROM scyc_trials t LEFT JOIN scyc_epochs e ON e.trial_id = t.id GROUP BY t.id
            HAVING count(e.step) <> {epochs} OR min(e.step) <> 0 OR max(e.step) <> {epochs} - 1
        ) AS odd""",
    "trials that do not start from what the level before left": """
        SELECT count(*) FROM scyc_trials t WHERE t.level > 0 AND NOT EXISTS (
            SELECT 1 FROM scyc_levels l JOIN scyc_trials p ON p.level = l.level AND p.max_lr = l.winner
            WHERE l.level = t.level - 1 AND p.seed = t.seed AND p.checkpoint = t.parent
        )""",
    "decisions": "SELECT count(*) FROM scyc_levels",
    "levels that are decided": "SELECT count(DISTINCT level) FROM scyc_levels",
    "decisions that were taken back": "SELECT count(*) FROM scyc_level_history",
    "winners that are not the best of their level": """
        WITH means AS (SELECT level, max_lr, avg(val) AS mean FROM scyc_trials GROUP BY level, max_lr)
        SELECT count(*) FROM scyc_levels l JOIN means w ON w.level = l.level AND w.max_lr = l.winner
        WHERE w.mean < (SELECT max(mean) FROM means m WHERE m.level = l.level)""",
    "checkpoints that are kept": "SELECT count(*) FROM scyc_checkpoints",
}


@dataclass(frozen=True)
class Answered:
    """One question, the answer it should have, and the answer that the database gives."""

    question: str
    expected: int
    found: int


def audit(url: str, trials: int, levels: int, seeds: int, epochs: int) -> list[Answered]:
    """Compare a database that holds one finished study with what it should hold.

    Args:
        url: of the database, `sqlite:///FILE` or a PostgreSQL URI.
        trials: how many there should be.
        levels: how many there should be.
        seeds: how many there should be; a level's winner keeps a checkpoint per seed, and level 0 a rewind point too.
        epochs: of every trial.
    """
    expected = dict.fromkeys(QUESTIONS, 0) | {
        "trials": trials,
        "trials that are complete": trials,
        "decisions": levels,
        "levels that are decided": levels,
        "checkpoints that are kept": seeds * (levels + 1),
    }
    with _connection(url) as connection:
        return [
            Answered(question, expected[question], int(connection.execute(sql.format(epochs=epochs)).fetchone()[0]))
            for question, sql in QUESTIONS.items()
        ]


def size(url: str) -> int:
    """Return how many bytes the tables and indices of a database take."""
    of_tables = "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relname LIKE 'scyc%' AND relkind = 'r'"
    of_pages = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
    with _connection(url) as connection:
        return int(connection.execute(of_pages if url.startswith("sqlite") else of_tables).fetchone()[0])


@contextmanager
def _connection(url: str) -> Iterator[Any]:
    path = url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path) if path != url else psycopg.connect(url.replace("+psycopg", ""))) as connection:
        yield connection
