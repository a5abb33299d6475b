"""Edit exported studies, and the rows of studies in a database, at random; see what every command makes of them.

    python -m benchmarks.edits --edits 1000

An edited export is refused with the rule that it breaks, and nothing of it is written, or every command works on the
study. An edited row may make its own study unusable, which a sentence says, but never another one, and the study can be
deleted.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from random import Random

from benchmarks.tables import keep, made_on
from studies import Store
from tests.oracle import edits

GOOD = ("refused", "works", "said")


def main() -> None:
    """Make the edits, and keep the table; fail if one of them was not dealt with."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edits", type=int, default=1000, help="half of exports, half of rows")
    number = parser.parse_args().edits // 2
    found: dict[str, Counter[str]] = {"exports": Counter(), "rows": Counter()}
    bad: list[str] = []

    def count(kind: str, seed: int, what: str, outcome: str) -> None:
        found[kind][outcome if outcome in GOOD else "not dealt with"] += 1
        if outcome not in GOOD:
            bad.append(f"{kind} {seed}: {what}: {outcome}")
            print(bad[-1], flush=True)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tables, url = edits.sample(folder)
        with Store.open(url, read_only=True) as store:
            expected = edits.shown(store, url)
        copy = folder / "copy.db"
        for seed in range(number):
            edited, what = edits.edit_export(tables, Random(seed))
            count("exports", seed, what, edits.try_export(edited, folder / "edited"))
            shutil.copy(folder / "scyc.db", copy)
            what = edits.edit_rows(f"sqlite:///{copy}", Random(seed))
            count("rows", seed, what, edits.try_rows(f"sqlite:///{copy}", expected))
    columns = [*GOOD, "not dealt with"]
    lines = [
        "# Edited studies",
        "",
        f"`python -m benchmarks.edits --edits {2 * number}` at {made_on('sqlalchemy')}. One edit each, of a study of "
        "three levels and a run of a schedule. `refused`: not imported, with a sentence. `works`: every command works. "
        "`said`: a sentence says what is wrong with the study; the other study of the database is shown as before, and "
        "the edited one can be deleted.",
        "",
        f"| edits of | {' | '.join(columns)} |",
        f"| --- |{' --- |' * len(columns)}",
        *(f"| {kind} | {' | '.join(str(counts[column]) for column in columns)} |" for kind, counts in found.items()),
    ]
    keep("edits", lines)
    if bad:
        raise SystemExit(f"{len(bad)} edits were not dealt with.")


if __name__ == "__main__":
    main()
