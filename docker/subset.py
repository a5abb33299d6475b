"""Print the part of the lock that some packages need, with its hashes.

There is one lock for development, the images and every machine, so all of them run the same versions. Each entry of the
lock names the packages that need it. This script starts from the packages that you ask for and follows these names.
`scyc` stands for the project with all its extras.

    python docker/subset.py requirements.lock scyc --without triton
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

PROJECT = {"scyc (pyproject.toml)": "scyc"}  # "scyc (pyproject.toml:dev)" is what development alone needs


def subset(lock: str, names: set[str], without: set[str]) -> str:
    """Return the entries of a lock that `names` need, themselves included.

    Args:
        lock: text of the lock.
        names: of the packages, or `scyc`.
        without: packages to leave out; packages that only they need are left out too.

    Raises:
        ValueError: the lock has no such package.
    """
    entries = re.findall(r"^[^\s#].*\n(?:[ \t].*\n?)*", lock, flags=re.MULTILINE)
    needed_by = [
        {PROJECT.get(name, name) for name in re.findall(r"^ +# (?:via)? *(.*)", entry, flags=re.MULTILINE)}
        for entry in entries
    ]
    packages = [entry.partition("==")[0] for entry in entries]
    if unknown := (names | without) - {*packages, *PROJECT.values()}:
        raise ValueError(f"The lock has no {', '.join(sorted(unknown))}.")
    wanted, before = set(names), set[str]()
    while wanted != before:
        before = set(wanted)
        wanted |= {name for name, by in zip(packages, needed_by, strict=True) if by & wanted} - without
    return "".join(entry for entry, name in zip(entries, packages, strict=True) if name in wanted)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lock", type=Path)
    parser.add_argument("names", nargs="+")
    parser.add_argument("--without", action="append", default=[])
    given = parser.parse_args()
    print(subset(given.lock.read_text(), set(given.names), set(given.without)), end="")
