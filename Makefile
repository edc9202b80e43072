# Every target works in a fresh clone: the first one that needs it makes .venv from the hash-locked files.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8080

.DEFAULT_GOAL := help
.PHONY: help demo test chaos guards bench check secrets audit release-data docker-steps format lock clean

help: ## Show what each target does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(VENV)/.installed ## Chat with Dailies in a web page (PORT=8080), no key needed
	@$(BIN)/dailies demo --port $(PORT)

test: $(VENV)/.dev-installed ## Run every test
	@# Child processes start in half the time when there is something compiled to read.
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n auto --dist worksteal

chaos: $(VENV)/.dev-installed ## Kill, stop and cut off real replicas a thousand times, and prove that nothing was lost (SEED=, RUNS=, ENGINE=, PLATFORM=)
	$(BIN)/python -m tests.chaos

guards: $(VENV)/.dev-installed ## Take each guard against doing things twice away, and see a test go red (GUARD=part of a name)
	$(BIN)/python -m tests.guards

bench: $(VENV)/.dev-installed ## Measure speed and memory beside the SDK and plain floors (ROWS="polls …")
	$(BIN)/python -m tests.benchmarks $(ROWS)

check: $(VENV)/.dev-installed secrets ## Lint, types, the direction of imports, and no secrets in the repository
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Tests are full of keys that open nothing: there, only the forms of real ones are looked for.
secrets: $(VENV)/.dev-installed ## Look for secrets in the repository, offline
	@git ls-files -z -- . ':!tests' ':!*.lock' | xargs -0 -n 60 -P 4 $(BIN)/detect-secrets-hook --no-verify \
		--exclude-lines '(api_secret|metrics_token) = "…"|key_…|C0123456789'
	@git ls-files -z -- tests | xargs -0 -n 60 -P 4 $(BIN)/detect-secrets-hook --no-verify \
		--disable-plugin KeywordDetector --disable-plugin BasicAuthDetector \
		--disable-plugin HexHighEntropyString --disable-plugin Base64HighEntropyString

audit: $(VENV)/.dev-installed ## Ask for known holes in what is installed (needs a network)
	$(BIN)/pip-audit --require-hashes --disable-pip -r requirements.lock

release-data: $(VENV)/.dev-installed ## Keep a database of this version, for the upgrades of later ones
	$(BIN)/python -m tests.storage.release_data

docker-steps: ## Carry out the Dockerfile's build steps without Docker (minutes, needs an index)
	$(PYTHON) ops/docker_steps.py

format: $(VENV)/.dev-installed ## Put every file into the house format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: ## Write the lock files anew (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--upgrade --group build pyproject.toml -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--constraint requirements.lock --group build --group dev pyproject.toml -o requirements-dev.lock

clean: ## Remove what the other targets made
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else \
		f"Dailies needs Python 3.11 or newer; {sys.executable} is {v[0]}.{v[1]}. Try: make PYTHON=python3.12 $(MAKECMDGOALS)")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing Dailies into $(VENV) (once)…"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

$(VENV)/.dev-installed: requirements-dev.lock $(VENV)/.installed
	@echo "Installing the test tools into $(VENV) (once)…"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@
