"""`scyc cancel`."""

from __future__ import annotations

from oracle.cli.app import SEARCH, AsJson, DatabaseUrl, StudyName, app
from oracle.cli.speaking import out, print_json, say
from oracle.study.commands import command


@app.command(rich_help_panel=SEARCH)
def cancel(name: StudyName, db: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Stop the training of a study at once, wherever it is trained.

    Trials under way are lost. What is recorded is kept, and the study can be resumed.
    """
    from oracle.api import controlling
    from oracle.api.defaults import database_url
    from oracle.api.study import Study

    db = database_url(db)
    controlling.cancel(name, db)
    if as_json:
        print_json({"study": name, "state": Study(name, db).status.state})
        return
    say(
        out,
        f"The study {name!r} is cancelled: nothing more is recorded. Resume with `{command('resume', name, db=db)}`.",
    )
