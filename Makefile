# All that is done with this tree; `make` alone lists it. Needs GNU make and Python >= 3.11, no more:
# every target sets up the virtual environment that it needs, and only when it has to.

# The Python that the environment is made with; empty: the first that is new enough.
PYTHON ?=
# More arguments for pytest (test, coverage), bulkcancel (demo), uv (lock) or the simulation.
ARGS ?=
# How many tests run at once: many of them wait for a clock, so more than a small machine has cores.
JOBS ?= 3
# The campaigns: how many kills, with which seed; how many seeds, from which on.
KILLS ?= 300
SEED ?= 1
SEEDS ?= 10000
FIRST ?= 0

MAKEFLAGS += --no-builtin-rules --no-print-directory

BIN := .venv/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'

# The stamps carry checksums instead of trusting to times, which a checkout of another commit
# turns upside down. A moved or copied tree is set up anew: the scripts in .venv name their folder.
LOCK_SUM := $(shell { cat requirements/dev.txt; echo '$(PYTHON)'; pwd; } | cksum | cut -d' ' -f1)
PACKAGE_SUM := $(shell cat pyproject.toml bulkcancel/version.py | cksum | cut -d' ' -f1)
LOCKED := .venv/.stamp-lock-$(LOCK_SUM)
INSTALLED := .venv/.stamp-package-$(PACKAGE_SUM)

.PHONY: help venv demo test check format lock docs torture simulate-seeds simulate-pacing long-runs million shared-rate shared-shards bench bench-throughput bench-scale bench-pacing bench-reading wheel coverage clean
.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' Makefile

venv: $(INSTALLED) ## make the virtual environment .venv from the lock

demo: $(INSTALLED) ## start a simulated API and cancel the sample input: the whole thing in one go
	@$(BIN)/bulkcancel demo $(ARGS)

test: $(INSTALLED) ## run the tests (ARGS='-k word' runs some)
	@$(BIN)/pytest --numprocesses $(JOBS) --dist worksteal $(ARGS)

check: $(INSTALLED) ## format, lint, types and the layer contract
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(INSTALLED) ## write the format and the safe fixes of the lint
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(LOCKED) ## write the lock from pyproject.toml (ARGS=--upgrade takes newer versions)
	$(COMPILE) pyproject.toml $(ARGS) --output-file requirements/core.txt
	$(COMPILE) pyproject.toml --group dev --constraints requirements/core.txt $(ARGS) \
		--output-file requirements/dev.txt

docs: $(INSTALLED) ## write docs/reference.md from the program
	@$(BIN)/python -m bulkcancel.cli.reference > docs/reference.md.part
	@mv docs/reference.md.part docs/reference.md

torture: $(INSTALLED) ## kill the command KILLS times at random, resume it, hold it against the ledger
	@$(BIN)/python tests/campaigns/torture.py --kills $(KILLS) --seed $(SEED)

simulate-seeds: $(INSTALLED) ## play SEEDS seeded mixes of faults in virtual time
	@$(BIN)/python tests/campaigns/seeds.py --first $(FIRST) --seeds $(SEEDS)

simulate-pacing: $(INSTALLED) ## play the pacer and its rivals against limits in virtual time
	@$(BIN)/python tests/campaigns/pacing_sim.py $(ARGS)

long-runs: $(INSTALLED) ## 5,000 ids with four faults at once, and a server dead for 90 s
	@$(BIN)/python tests/campaigns/long_runs.py

million: $(INSTALLED) ## 1,000,000 ids end to end, and once more killed at 600,000 and resumed
	@tests/install.sh nginx
	@$(BIN)/python tests/campaigns/million.py $(ARGS)

shared-rate: $(INSTALLED) ## four processes under one rate in a real Redis: what they use of it
	@tests/install.sh redis-server
	@$(BIN)/python tests/campaigns/shared_rate.py $(ARGS)

shared-shards: $(INSTALLED) ## four shards under one rate of 400/s in Redis, one killed; merged
	@tests/install.sh redis-server
	@$(BIN)/python tests/campaigns/shards.py $(ARGS)

bench: $(INSTALLED) ## CPU and seconds beside a bare loop and what people use, and what durability costs
	@tests/install.sh nginx curl parallel
	@$(BIN)/python -m benchmarks.throughput
	@$(BIN)/python -m benchmarks.throughput --durability

bench-throughput: $(INSTALLED) ## the first of these alone (ARGS='--only bulkcancel --ids 100000')
	@tests/install.sh nginx curl parallel
	@$(BIN)/python -m benchmarks.throughput $(ARGS)

bench-scale: $(INSTALLED) ## seconds and memory of whole runs of up to 1,000,000 rows
	@tests/install.sh nginx
	@$(BIN)/python -m benchmarks.scale $(ARGS)

bench-pacing: $(INSTALLED) ## the pace at a real nginx, beside what others do: benchmarks/RESULTS.md
	@tests/install.sh nginx curl parallel
	@$(BIN)/python -m benchmarks.pacing
	@$(BIN)/python -m benchmarks.pacing --minutes 5
	@$(BIN)/python -m benchmarks.pacing --steps

bench-reading: $(INSTALLED) ## seconds and memory of a plan over up to 5,000,000 rows, beside pandas
	@$(BIN)/python -m benchmarks.reading $(ARGS)

wheel: $(INSTALLED) ## build the wheel and the source archive into dist/
	@rm -rf dist
	$(BIN)/python -m build --no-isolation

coverage: $(INSTALLED) ## run the tests and show which lines they leave out
	@$(BIN)/coverage erase
	$(BIN)/coverage run --parallel-mode -m pytest $(ARGS)
	@$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --show-missing --skip-covered

clean: ## remove what the other targets made; reports/ stays
	rm -rf .venv build dist .coverage .coverage.* .hypothesis .import_linter_cache
	rm -rf .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(LOCKED):
	@python=; \
	for candidate in $(or $(PYTHON),python3.13 python3.12 python3.11 python3); do \
		if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
		then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo 'Python 3.11 or newer is needed, and' \
			'$(if $(PYTHON),PYTHON=$(PYTHON) is none,no such python3 is on the PATH).' \
			'Install one, or name one: make PYTHON=/path/to/python3 TARGET' >&2; \
		exit 1; \
	fi; \
	echo "Setting up .venv with $$("$$python" --version) from requirements/dev.txt ..." >&2; \
	rm -rf .venv && "$$python" -m venv .venv
	@$(PIP_INSTALL) --require-hashes --only-binary :all: --requirement requirements/dev.txt
	@touch $@

$(INSTALLED): $(LOCKED)
	@rm -f .venv/.stamp-package-*
	@$(PIP_INSTALL) --no-build-isolation --no-deps --editable .
	@touch $@
