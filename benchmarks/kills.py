"""Kill the drivers of a small sweep at random moments, and compare the study with an undisturbed one.

    python -m benchmarks.kills --kills 100 --out benchmarks/results/kills.md

It does so on SQLite and on PostgreSQL.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from random import Random

from oracle.study.provenance import provenance
from oracle.study.writing import write_text
from tests.oracle.kills import SPEC, Study, finish_under_fire, undisturbed
from tests.studies.server import Server


def main() -> None:
    """Kill drivers, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=60, help="per database")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    machine = provenance()
    lines = [
        "# Drivers killed at random moments",
        "",
        f"`python -m benchmarks.kills --kills {options.kills}` at {(machine['commit'] or 'no commit')[:12]}, on "
        f"{machine['hardware']['processor']}, {machine['hardware']['cores']} cores. Each study has "
        f"{SPEC['levels']} levels, {len(SPEC['seeds'])} seeds and {len(SPEC['search']['max_lr']['values'])} or more "
        "candidates of real training. Its drivers are killed by SIGKILL, at most 25 times per study. If a recorded "
        "trial were trained again, the command would end with an error.",
        "",
        "| database | studies | kills | trainings begun | trials recorded | studies that differ |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    random, server = Random(1), Server()
    try:
        with tempfile.TemporaryDirectory() as folder:
            reference, seconds = undisturbed(Path(folder))
        for kind in ("SQLite", "PostgreSQL"):
            studies = kills = begun = recorded = differ = 0
            while kills < options.kills:
                with tempfile.TemporaryDirectory() as folder:
                    url = server.empty() if kind == "PostgreSQL" else f"sqlite:///{folder}/scyc.db"
                    study = Study(url, Path(folder))
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
