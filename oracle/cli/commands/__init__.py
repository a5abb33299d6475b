"""One file per command, named after it: `studies_list.py` is `scyc studies list`. Importing it registers it."""
