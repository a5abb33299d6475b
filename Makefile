# `make demo` sets everything up and runs an oracle sweep; `make test` sets everything up and runs the tests; `make check`
# is for while one works: format, lint, types, and the tests that are quick: no Ray, PostgreSQL, browser or kills.
PYTHON ?= python3
BIN := .venv/bin

# Each command, worker and test starts a Python, which should not compile what the last one compiled.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo check test lint lock audit browser gpu-check clean

demo: .venv/ready
	mkdir -p demo
	$(BIN)/scyc sweep --name demo --db sqlite:///demo/scyc.db
	$(BIN)/scyc show demo --db sqlite:///demo/scyc.db
	$(BIN)/scyc report demo --db sqlite:///demo/scyc.db --out demo/report.html

check: .venv/ready lint
	$(BIN)/pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder -m "not (ray or postgres or browser or faults or slow)"

test: .venv/ready browser lint
	$(BIN)/pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder

lint: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# uv comes from the lock too, with its hashes: pip installs it, and it installs the rest.
.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed.")'
	$(PYTHON) -m venv --clear .venv
	awk '/^[^ #]/ { wanted = /^uv==/ } wanted' requirements.lock > .venv/uv.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement .venv/uv.lock
	VIRTUAL_ENV=.venv $(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes requirements.lock
	VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q scyc studies oracle
	touch $@

lock:
	$(BIN)/uv pip compile pyproject.toml --all-extras --group dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-emit-find-links --quiet --output-file requirements.lock
	$(MAKE) audit

# Fails if an advisory is known for what is locked. It writes nothing where advisories cannot be looked up, without a
# network for instance; that is said, and is no failure.
audit: .venv/ready
	rm -f .venv/audit.txt
	$(BIN)/uv tool run --quiet pip-audit@2.10.1 --requirement requirements.lock --disable-pip --progress-spinner off \
		--output .venv/audit.txt 2>.venv/audit.log || test ! -e .venv/audit.txt || (cat .venv/audit.txt; false)
	@test -e .venv/audit.txt && tail -n 1 .venv/audit.log \
		&& grep -c "could not be audited" .venv/audit.txt | sed 's/$$/ packages could not be looked up./' || \
		echo "The lock was not audited: advisories cannot be looked up here."

# The tests look at the report in a real browser. A container that runs as root installs Debian's; elsewhere those
# tests are skipped, and say so, where neither Chromium nor Chrome is found.
browser:
	@command -v chromium chromium-browser google-chrome >/dev/null || [ "$$(id -u)" != 0 ] \
		|| ! command -v apt-get >/dev/null || (apt-get update -qq && apt-get install -y -qq chromium >/dev/null) \
		|| echo "No browser could be installed; the browser tests will be skipped."

# Whether the GPU side works. It takes this Python if there is no .venv: PyTorch is all that must be there. GPU_CHECK has
# its options, such as GPU_CHECK="--data cifar10.npz".
gpu-check:
	$(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON)) -m benchmarks.gpu_check $(GPU_CHECK)

clean:
	rm -rf .venv demo
