# `make help` lists the targets. Everything runs in .venv, which is made from the lock files: it is installed again
# only when a lock file changes. pip's own configuration decides where packages come from.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
export PATH := $(CURDIR)/.venv/bin:$(PATH)

PIP_INSTALL := .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation
COMPILE := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-annotate --no-strip-extras --custom-compile-command "make lock"
LOCK := $(COMPILE) python/pyproject.toml --extra judges --extra postgres --extra prices --extra report --group python/pyproject.toml:dev

.PHONY: help setup environments demo test lint lint-python lint-types lint-sql test-dbt test-python test-engines test-postgres test-cluster test-spark test-compile test-strands test-semantics test-readers format docs bench lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- the environment

setup: .venv/.installed ## make .venv from the lock file

.venv/.made:
	PYTHON=$(PYTHON) python/bootstrap.sh .venv
	@touch $@

.venv/.installed: requirements.lock python/pyproject.toml .venv/.made
	$(PIP_INSTALL) --require-hashes -r requirements.lock
	$(PIP_INSTALL) -e python
	@touch $@

.venv/.engines: requirements-engines.lock .venv/.installed
	$(PIP_INSTALL) --require-hashes -r requirements-engines.lock
	@touch $@

.venv-warehouses/.installed: requirements-warehouses.lock
	PYTHON=$(PYTHON) python/bootstrap.sh .venv-warehouses
	.venv-warehouses/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-warehouses.lock
	@touch $@

.venv-strands/.installed: requirements-strands.lock
	PYTHON=$(PYTHON) python/bootstrap.sh .venv-strands
	.venv-strands/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-strands.lock
	@touch $@

.venv-semantics/.installed: requirements-semantics.lock
	PYTHON=$(PYTHON) python/bootstrap.sh .venv-semantics
	.venv-semantics/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-semantics.lock
	@touch $@

.venv-readers/.installed: requirements-readers.lock requirements-readers-oldest.lock
	PYTHON=$(PYTHON) python/bootstrap.sh .venv-readers
	.venv-readers/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-readers.lock
	.venv-readers/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-readers-oldest.lock --target .venv-readers/oldest
	@touch $@

environments: .venv/.engines .venv-warehouses/.installed .venv-strands/.installed .venv-semantics/.installed .venv-readers/.installed

lock: .venv/.installed ## write the lock files again; LOCK_FLAGS=--upgrade takes newer versions
	$(LOCK) $(LOCK_FLAGS) --output-file requirements.lock >/dev/null
	$(LOCK) $(LOCK_FLAGS) --group python/pyproject.toml:engines --constraints requirements.lock --output-file requirements-engines.lock >/dev/null
	$(COMPILE) $(LOCK_FLAGS) --group python/pyproject.toml:warehouses --output-file requirements-warehouses.lock >/dev/null
	$(COMPILE) $(LOCK_FLAGS) --group python/pyproject.toml:strands --output-file requirements-strands.lock >/dev/null
	$(COMPILE) $(LOCK_FLAGS) --group python/pyproject.toml:semantics --constraints requirements.lock --output-file requirements-semantics.lock >/dev/null
	$(COMPILE) $(LOCK_FLAGS) --group python/pyproject.toml:readers --output-file requirements-readers.lock >/dev/null
	$(COMPILE) $(LOCK_FLAGS) --group python/pyproject.toml:readers-oldest --output-file requirements-readers-oldest.lock >/dev/null

# --- what a person looks at

demo: .venv/.installed ## load the demo records, build the marts, print the answers
	agent-goals load seeds/demo/*.csv
	dbt --quiet build --full-refresh --exclude-resource-type unit_test
	agent-goals summary

docs: .venv/.installed ## write the dbt docs site to target/
	dbt docs generate

bench: .venv/.installed ## run the benchmarks
	python -m benchmarks

# --- what has to pass

# The helper's tests take both cores themselves, so whatever make was told of jobs ends before them.
test: ## everything: linters, dbt's tests on the demo, the helper's and the package's tests
	@status=0; \
	$(MAKE) --keep-going lint-python lint-types lint-sql test-dbt || status=1; \
	$(MAKE) --jobs=1 test-python || status=1; \
	exit $$status

lint: lint-python lint-types lint-sql ## ruff, mypy and sqlfluff

lint-python: .venv/.installed
	ruff check .
	ruff format --check .

lint-types: .venv/.installed
	cd python && mypy

lint-sql: .venv/.installed
	AGENT_GOALS_DUCKDB_PATH=:memory: DBT_TARGET_PATH=target/lint sqlfluff lint --processes 2

test-dbt: .venv/.installed ## dbt's tests on the demo, from raw tables and from seeds
	rm -rf target/test && mkdir -p target/test
	AGENT_GOALS_DUCKDB_PATH=target/test/loaded.duckdb agent-goals load seeds/demo/*.csv
	AGENT_GOALS_DUCKDB_PATH=target/test/loaded.duckdb dbt build --target-path target/test/loaded
	AGENT_GOALS_DUCKDB_PATH=target/test/seeded.duckdb dbt build --target-path target/test/seeded --vars '{agent_goals__use_seeds: true}'

test-python: .venv/.installed ## the helper's tests, and dbt's on real data and in a project that installs the package
	cd python && pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder --ignore tests/engines --ignore tests/readers --ignore tests/semantics --ignore tests/warehouses

test-engines: test-postgres test-cluster ## the same rows on PostgreSQL and on a Spark cluster, where they are installed

test-postgres: .venv/.engines
	cd python && pytest tests/engines -k "not spark"

test-cluster: .venv/.engines
	cd python && pytest tests/engines -k "spark and not (tau2 or hostile or after_each_load)"

test-spark: .venv/.engines ## all that is about Spark, what takes too long for every change included
	cd python && pytest tests/engines -k spark

test-compile: .venv-warehouses/.installed ## the SQL for BigQuery, Databricks, Redshift and Snowflake, compiled and parsed
	cd python && ../.venv-warehouses/bin/python -m pytest tests/warehouses

test-strands: .venv/.installed .venv-strands/.installed ## the goal success judge beside that of strands-agents-evals
	cd python && pytest tests/judges/test_strands.py

test-semantics: .venv/.installed .venv-semantics/.installed ## the semantic layer asked by MetricFlow: the marts' own numbers
	cd python && pytest tests/semantics

test-readers: .venv/.installed .venv-readers/.installed ## what is published, read by SQLAlchemy, ADBC, pandas, Polars and DuckDB's command line
	cd python && pytest tests/readers

format: .venv/.installed ## format the Python and SQL files
	ruff check --fix .
	ruff format .
	sqlfluff fix

clean: ## remove what building and testing leave behind; .venv stays
	rm -rf target logs dbt_packages agent_goals.duckdb agent_goals.duckdb.wal agent_goals_marts.duckdb .agent_goals_marts.duckdb.*
