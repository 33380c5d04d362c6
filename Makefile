# Everything a person or a build machine runs. It needs Python 3.11 or newer (with venv) and nothing else.
#
#   PYTHON=...   the interpreter that makes .venv (default: the first of python3, python3.14 ... that is new enough)
#   WORKERS=...  processes that run the tests (default: one per core, at most 8)
#   ROUNDS=...   how often `make crash` kills a server (default: 20) and `make races` runs each race (default: 200)
#   SEED=...     repeats a run of `make crash`
#   MEMBERS=...  how many `make bench-review` reviews (20000)

SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?=
WORKERS ?= auto
ROUNDS ?=
SEED ?=
PG15_BINARIES ?= /usr/lib/postgresql/15/bin

CODE := $(wildcard api schema engine plugins migrations tests bench hatch_build.py)
WANTED := $(shell cat requirements.lock pyproject.toml 2>/dev/null | cksum | tr -c '0-9\n' '-')
STAMP := .venv/.installed-$(WANTED)
DERIVED := $(shell cat requirements-data.lock tests/data/completejourney.* 2>/dev/null | cksum | tr -c '0-9\n' '-')
DERIVED_STAMP := .data/.derived-$(DERIVED)
RUN := .venv/bin/python -m
PYTEST := $(RUN) pytest -q -n $(WORKERS) --maxprocesses=8
ORDINARY := not packaging and not completejourney and not crash

.PHONY: bench-review soak help venv demo test races test-p3 test-pg15 crash lint format types layers package-test check lock

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "make %-13s %s\n", $$1, $$2}' Makefile

venv: $(STAMP)  ## make or refresh .venv from requirements.lock

$(STAMP):
	@PYTHON='$(PYTHON)' sh .ci/venv '$(STAMP)'

demo: $(STAMP)  ## a shop with real purchases, served with an explorer
	@exec .venv/bin/loyalty demo

test: $(STAMP)  ## the whole suite
	@$(PYTEST) -m "$(ORDINARY)"

races: $(STAMP)  ## many callers at once against real servers, each race ROUNDS times (200)
	@LOYALTY_TEST_ROUNDS='$(or $(ROUNDS),200)' $(PYTEST) -m races

test-p3: $(STAMP) $(DERIVED_STAMP)  ## two programmes on a supermarket's purchases, which it downloads (80 MB, once)
	@$(PYTEST) -m completejourney

$(DERIVED_STAMP):
	@sh .ci/data '$(DERIVED_STAMP)'

test-pg15: $(STAMP)  ## the whole suite on PostgreSQL 15 (PG15_BINARIES=...)
	@test -x '$(PG15_BINARIES)/initdb' || { \
		echo "PostgreSQL 15 is not at $(PG15_BINARIES): install it, or say where it is with PG15_BINARIES=..."; exit 1; }
	@$(RUN) tests.server '$(PG15_BINARIES)' $(PYTEST) -m "$(ORDINARY)"

crash: $(STAMP)  ## kill servers under load, and prove that nothing is lost (ROUNDS=20 SEED=...)
	@LOYALTY_TEST_CRASH_ROUNDS='$(ROUNDS)' LOYALTY_TEST_CRASH_SEED='$(SEED)' $(RUN) pytest -q -s -m crash tests/crash

soak: $(STAMP)  ## random operations of every kind by many at once (OPERATIONS=... SEED=...)
	@LOYALTY_TEST_OPERATIONS='$(or $(OPERATIONS),20000)' LOYALTY_TEST_SEED='$(SEED)' \
		$(RUN) pytest -q -s tests/properties/test_many_at_once.py

bench-review: $(STAMP)  ## a review of a whole membership: members a second, and how long they are locked (MEMBERS=20000)
	@$(RUN) bench.review --members $(or $(MEMBERS),20000)

lint: $(STAMP)  ## ruff: rules and formatting
	@$(RUN) ruff check --quiet . && $(RUN) ruff format --quiet --check . && echo "lint: clean"

format: $(STAMP)  ## let ruff format and repair what it can
	@$(RUN) ruff format --quiet . && $(RUN) ruff check --quiet --fix .

types: $(STAMP)  ## mypy, strict
	@$(RUN) mypy $(CODE)

layers: $(STAMP)  ## import-linter: who may import whom
	@.venv/bin/lint-imports

package-test: $(STAMP)  ## build the wheel and use it in a fresh environment
	@$(RUN) pytest -q -m packaging

check: lint types layers package-test test-p3 test  ## all of the above

# Exact versions with hashes for every platform; holds no address and no path.
# Needs uv (`pip install uv`), which is used for nothing else.
lock:  ## choose the versions anew (needs uv)
	@command -v uv >/dev/null || { echo "uv is missing: pip install uv"; exit 1; }
	@uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --upgrade \
		--generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
		--quiet --output-file requirements.lock
	@uv pip compile --group data --no-deps --universal --python-version 3.11 --upgrade \
		--generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
		--quiet --output-file requirements-data.lock
