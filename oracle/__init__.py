"""The oracle service: spec, search, execution, intervals, comparison, report and command line."""
