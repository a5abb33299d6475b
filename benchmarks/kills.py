"""Kill the drivers of a small sweep at random moments, and compare the study with an undisturbed one.

    python -m benchmarks.kills --kills 100 --out benchmarks/results/kills.md

It does so on SQLite and on PostgreSQL.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from random import Random

from oracle.spec.files import parse_spec
from oracle.study.provenance import provenance
from oracle.study.writing import write_text
from tests.oracle.kills import RACE, SPEC, Study, finish_under_fire, undisturbed
from tests.studies.server import Server


def main() -> None:
    """Kill drivers, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=60, help="per database")
    parser.add_argument("--race", action="store_true", help="a race instead of a grid")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    machine, spec = provenance(), RACE if options.race else SPEC
    lines = [
        "# Drivers killed at random moments",
        "",
        f"`python -m benchmarks.kills --kills {options.kills}{' --race' * options.race}` at "
        f"{(machine['commit'] or 'no commit')[:12]}, on "
        f"{machine['hardware']['processor']}, {machine['hardware']['cores']} cores. Each study has "
        f"{spec['levels']} levels, {len(spec['seeds'])} seeds and {parse_spec(spec, 'kills').search.max_lr.budget} "
        f"candidates or more, {'raced' if options.race else 'all'} really trained. Its drivers "
        "are killed by SIGKILL, at most 25 times per study. If a recorded trial were trained again, the command would "
        "end with an error.",
        "",
        "| database | studies | kills | trainings begun | trials recorded | studies that differ |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    random, server = Random(1), Server()
    try:
        with tempfile.TemporaryDirectory() as folder:
            reference, seconds = undisturbed(Path(folder), spec)
        for kind in ("SQLite", "PostgreSQL"):
            studies = kills = begun = recorded = differ = 0
            while kills < options.kills:
                with tempfile.TemporaryDirectory() as folder:
                    url = server.empty() if kind == "PostgreSQL" else f"sqlite:///{folder}/scyc.db"
                    study = Study(url, Path(folder), spec)
                    kills += finish_under_fire(study, random, min(25, options.kills - kills), seconds / 3)
                    studies += 1
                    differ += study.facts() != reference
                    begun += len(study.handed_out())
                    recorded += len(study.complete())
            lines.append(f"| {kind} | {studies} | {kills} | {begun} | {recorded} | {differ} |")
            print(lines[-1], flush=True)
    finally:
        server.close()
    text = "\n".join(lines) + "\n"
    print(text)
    if options.out:
        write_text(text, options.out)
    if differ:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
