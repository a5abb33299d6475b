"""`scyc studies mirror`."""

from __future__ import annotations

from typing import Annotated

import typer

from oracle.cli.app import AsJson, DatabaseUrl, StudyName, studies_app
from oracle.cli.speaking import err, out, print_json, say


@studies_app.command("mirror")
def mirror_study(
    name: StudyName,
    db: DatabaseUrl = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Delete the mirror and build it again.")] = False,
    as_json: AsJson = False,
) -> None:
    """Rebuild a study's Optuna mirror, which optuna-dashboard shows, from the study's trials."""
    from oracle.api.defaults import database_url
    from oracle.api.errors import InputError
    from oracle.api.managing import rebuild_mirror

    if not rebuild:
        raise InputError("A sweep keeps its mirror up to date by itself; to build it again, add --rebuild.")
    trials = rebuild_mirror(name, database_url(db), lambda sentence: say(err, sentence))
    if as_json:
        print_json({"study": name, "mirrored_trials": trials})
    else:
        say(out, f"{trials} trials are mirrored; see them with `optuna-dashboard URL`.")
