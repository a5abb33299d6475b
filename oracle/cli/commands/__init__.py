"""One file per command, of its name: `studies_list.py` is `scyc studies list`. Each registers itself when imported."""
