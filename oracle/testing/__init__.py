"""For tests of your own: a cluster that is not there, made-up outcomes, and suites for what you add.

Somebody who writes an executor, a proposer or a kind of database subclasses its suite in a test module: see `executors`
(`worker_processes`, if its workers are processes), `proposers` and `databases`. They need pytest; let it explain their
assertions by `pytest.register_assert_rewrite("oracle.testing")` in a conftest.py.
"""
