ifeq ($(OS),Windows_NT)
$(error Sentiment runs on Linux and macOS; on Windows, use the Windows Subsystem for Linux)
endif
PYTHON ?= python3
PORT ?= 8501
ADDRESS ?=
PRESET ?= bilstm
RUN ?=
SUPPORTED = import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))

NATIVE = sentiment/model/native
LIBRARIES_ARM = lstm_4
LIBRARIES_X86 = lstm_16 lstm_8 batch_amx batch_vnni
LIBRARY_NAMES = $(if $(filter arm64 aarch64,$(shell uname -m)),$(LIBRARIES_ARM),$(LIBRARIES_X86))
LIBRARIES = $(LIBRARY_NAMES:%=$(NATIVE)/libcompiled_%.so)

PYTEST = .venv/bin/pytest -n 2 --dist loadfile --durations 10

.DEFAULT_GOAL := help
.PHONY: help app lint check test test-slow test-all train benchmark proof docs lock clean python data-named

help:  ## print these lines
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

app: .venv/serving $(LIBRARIES)  ## serve the app on 127.0.0.1:8501 (PORT=, ADDRESS=); DATA= lets it show the review texts
	.venv/bin/streamlit run streamlit_app.py --server.port $(PORT) \
		$(if $(ADDRESS),--server.address $(ADDRESS)) $(if $(DATA),-- --data "$(DATA)")

lint: .venv/checks  ## linters and types
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/codespell
	.venv/bin/mypy

check: lint $(LIBRARIES)  ## linters, types and the quick tests: no TensorFlow, browser, child process or page
	$(PYTEST) -m "not training and not browser and not process and not page and not real_data and not slow"

test: .venv/complete lint $(LIBRARIES)  ## linters, types and every test but the slow ones
	$(PYTEST) -m "not slow"

test-slow: .venv/complete $(LIBRARIES)  ## the tests that tests/slow.txt lists
	$(PYTEST) -m slow

test-all: test test-slow  ## linters, types and every test

train: .venv/complete data-named  ## train on DATA= (PRESET=, RUN=, EXCLUDE=; ARGS= for other options of train.py)
	.venv/bin/python scripts/train.py --data "$(DATA)" --preset $(PRESET) \
		--output "artifacts/$(or $(RUN),my-$(PRESET))" \
		$(if $(EXCLUDE),--exclude "$(EXCLUDE)") $(ARGS)

benchmark: .venv/complete $(LIBRARIES) data-named  ## measure speed against other libraries on DATA= (RUN=)
	.venv/bin/python -m dev.benchmarking.benchmark --data "$(DATA)" $(if $(RUN),--artifacts "artifacts/$(RUN)") \
		--json artifacts/BENCHMARKS.json --page artifacts/BENCHMARKS.md
	.venv/bin/python -m dev.documents.report

proof: .venv/complete $(LIBRARIES) data-named  ## the long proofs of the served run, on DATA=; takes hours
	.venv/bin/python scripts/evaluate.py --data "$(DATA)" --explanations --behaviour
	.venv/bin/python -m dev.proofs.prove_bulk
	.venv/bin/python -m dev.proofs.prove_people
	.venv/bin/python -m dev.proofs.prove_opening
	.venv/bin/python -m dev.proofs.prove_attacks
	.venv/bin/python -m dev.proofs.prove_api

docs: .venv/complete  ## build the documents as a site in build/site; a broken link is an error
	.venv/bin/sphinx-build -q -n -W --keep-going docs build/site

LOCK = uv pip compile --quiet --universal --python-version 3.11 --no-header --generate-hashes pyproject.toml
lock:  ## update the lock files from pyproject.toml; needs uv
	$(LOCK) --extra train --extra dev -o requirements.txt
	$(LOCK) --extra app -c requirements.txt -o requirements-app.txt
	$(LOCK) --extra check -c requirements.txt -o requirements-check.txt

clean:  ## remove the virtual environment, caches and compiled libraries
	rm -rf $(NATIVE)/libcompiled_* build *.egg-info .venv .pytest_cache .mypy_cache .ruff_cache

python:
	@$(PYTHON) -c '$(SUPPORTED)' || { \
		echo "Python 3.11, 3.12 or 3.13 is needed; $$($(PYTHON) --version) was found. Name one: make PYTHON=python3.12 ..." >&2; \
		exit 2; }

data-named:
	@test -n "$(DATA)" || { echo "Name the data: DATA=path" >&2; exit 2; }

$(LIBRARIES) &: $(NATIVE)/lstm.c $(NATIVE)/batch.c $(NATIVE)/build.py | python
	@$(PYTHON) scripts/compile.py

.venv/bin/pip: | python
	$(PYTHON) -m venv .venv

# A stamp for each lock that is installed. The locks include each other: complete > checks > serving.
.venv/serving: requirements-app.txt | .venv/bin/pip
	.venv/bin/pip install --quiet --disable-pip-version-check -r requirements-app.txt
	@touch $@

.venv/checks: requirements-check.txt | .venv/bin/pip
	.venv/bin/pip install --quiet --disable-pip-version-check -r requirements-check.txt
	@touch $@ .venv/serving

.venv/complete: requirements.txt | .venv/bin/pip
	.venv/bin/pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@ .venv/serving .venv/checks
