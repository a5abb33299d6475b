"""For your own tests: a simulated cluster, made-up outcomes, and test suites for what you add.

If you write an executor, a proposer or a kind of database, subclass its suite in a test module: see `executors` (or
`worker_processes`, if the workers are processes), `proposers` and `databases`. The suites need pytest. To let pytest
explain their assertions, call `pytest.register_assert_rewrite("oracle.testing")` in a conftest.py.
"""
