PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
PYTEST := $(BIN)/python -m pytest -q
# The default suite is SQLite whatever the shell exports; the servers' suites set their own address.
ON_SQLITE := env -u TEST_DATABASE_URL -u TEST_REDIS_URL -u DATABASE_URL -u BROKER_URL
export TEST_DATABASE_URL ?= postgresql://127.0.0.1:5432/test
export TEST_REDIS_URL ?= redis://127.0.0.1:6379/9
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Whoever forbids Python to keep what it compiled pays for it in each of the hundred processes that the suites start.
unexport PYTHONDONTWRITEBYTECODE
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

.PHONY: help setup run check test test-servers matrix mutation browser pictures faults bench check-deploy lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/\1|\2/' | column -t -s '|'

setup: $(STAMP) ## the environment in .venv, with every package checked against its hash

$(STAMP): requirements-dev.txt
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not installed. Install Python 3.11 or newer, or name it: make PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$$($(PYTHON) --version) is too old. Install Python 3.11 or newer, or name it: make PYTHON=python3.12" >&2; exit 2; }
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "Making the environment in .venv ..."; $(PYTHON) -m venv --clear .venv; }
	@echo "Installing the locked packages (the first time takes about a minute) ..."
	@$(BIN)/python -m pip install --progress-bar off --require-hashes -r requirements-dev.txt | sed -u -nE 's/^Collecting ([^ ]+).*/  \1/p'
	@touch $(STAMP)

run: setup ## the demonstration: web, worker, beat and mail sink (PORT=8000 SMTP_PORT=8025 DATA_DIR=var)
	@exec $(BIN)/python -m config.run

check: setup ## format, lint, types, import rules, migrations, Django's checks, the OpenAPI document
	@DATA_DIR=$$(mktemp -d) && trap 'rm -rf "$$DATA_DIR"' EXIT && export DATA_DIR DEMO=1 && \
	quietly() { local out; out=$$("$$@" 2>&1) || { echo "$$out"; echo "FAILED: $$*"; return 1; }; } && \
	quietly $(BIN)/ruff format --check . && \
	quietly $(BIN)/ruff check . && \
	quietly $(BIN)/mypy && \
	quietly $(BIN)/lint-imports && \
	quietly $(BIN)/python manage.py makemigrations --check --dry-run && \
	quietly $(BIN)/python manage.py migrate -v 0 && \
	quietly $(BIN)/python manage.py check --database default && \
	quietly $(BIN)/python manage.py spectacular --validate --fail-on-warn --file /dev/null

test: check ## everything this machine can run: SQLite always, PostgreSQL and Redis where they answer
	@echo "== default suite (SQLite)"
	@$(ON_SQLITE) $(PYTEST) -n 2 -m "not live and not matrix and not postgresql and not redis"
	@if [ "$${CI:-}" = true ]; then $(MAKE) --no-print-directory matrix; fi
	@echo "== live tour (SQLite, filesystem broker)"
	@$(ON_SQLITE) $(PYTEST) -m "live and not browser and not postgresql and not redis"
	@echo "== pages in the browser"
	@$(ON_SQLITE) $(PYTEST) -m "browser and not matrix"
	@answer=0; $(BIN)/python -m tests.house.servers || answer=$$?; \
	case $$answer in 0) $(MAKE) --no-print-directory test-servers ;; 3) ;; *) exit $$answer ;; esac

# What stands on the database itself, and what each role and each practice is answered under row-level security; rules and
# pages say the same on either engine, and so do these of the API (test_every_role.py asks every call as every role).
THE_SAME := access bodies fields openapi states
ON_SERVERS := $(THE_SAME:%=--ignore=tests/scheduler/api/test_%.py) tests/scheduler/api tests/scheduler/database tests/scheduler/services tests/scheduler/test_journey.py tests/scheduler/test_every_role.py tests/notifications/services tests/notifications/test_database.py tests/checklists/services
test-servers: setup ## the database, services, outbox, API and roles on PostgreSQL, and the live tour on PostgreSQL and Redis
	@echo "== database, services, outbox, API, roles (PostgreSQL)"
	@$(PYTEST) -n 2 -m "not live" $(ON_SERVERS)
	@echo "== live tour (PostgreSQL, Redis)"
	@$(PYTEST) -m "live and (postgresql or redis)"

matrix: setup ## the whole tables and races on SQLite, some minutes
	@echo "== whole matrices (SQLite)"
	@$(ON_SQLITE) $(PYTEST) -n 2 -m "matrix and not live and not postgresql and not redis"
	@echo "== properties of the rules, 25 times as many cases"
	@EXAMPLES=25 $(PYTEST) -n 2 -m hypothesis --timeout 600 tests/checklists/rules

mutation: setup ## one change at a time in the rules: which ones no rule test notices (MINUTES=30 SAMPLE=10 MODULES=fold,renal TESTS=file)
	@$(ON_SQLITE) $(BIN)/python -m tests.house.mutation

browser: setup ## the pages in the system's Chromium, against the live processes
	@$(ON_SQLITE) $(PYTEST) -m browser

pictures: setup ## the README's pictures, taken anew from the demonstration
	@$(ON_SQLITE) PICTURES=docs/pictures $(PYTEST) tests/browser/test_pictures.py -k taken

faults: setup ## the faults injected into the live processes
	@$(ON_SQLITE) $(PYTEST) tests/live -m faults

# Each measurement fails where it misses its target, or where the machine was too busy to tell.
BENCH := $(PYTEST) -s -p no:cacheprovider
bench: setup ## judging cases, row-level security and the record against limits measured in the same run, on SQLite and where it answers on PostgreSQL
	@missed=0; echo "== pure, and with loading (SQLite)"; \
	$(ON_SQLITE) $(BENCH) tests/bench/bench_assess.py tests/bench/bench_day.py tests/bench/bench_open.py tests/bench/bench_what_if.py || missed=1; \
	answer=0; $(BIN)/python -m tests.house.servers || answer=$$?; \
	case $$answer in \
	0) echo "== with loading, row-level security, record (PostgreSQL)"; \
	   $(BENCH) tests/bench/bench_day.py tests/bench/bench_open.py tests/bench/bench_what_if.py tests/bench/bench_record.py || missed=1 ;; \
	3) ;; *) exit $$answer ;; esac; \
	exit $$missed

check-deploy: setup ## Django's deployment checks with the settings of a real deployment
	@DATA_DIR=$$(mktemp -d) && trap 'rm -rf "$$DATA_DIR"' EXIT && \
	random() { $(BIN)/python -c 'import base64, secrets; print(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())'; } && \
	env -u DATABASE_URL -u BROKER_URL DATA_DIR="$$DATA_DIR" DEMO=0 HTTPS=1 BEHIND_PROXY=1 \
	  ALLOWED_HOSTS=cleared.example.org BASE_URL=https://cleared.example.org \
	  SECRET_KEY="$$(random)$$(random)" FIELD_KEYS="$$(random)" LINK_KEY="$$(random)" \
	  $(BIN)/python manage.py check --deploy --fail-level WARNING

LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--custom-compile-command "make lock" --no-emit-index-url --no-emit-find-links pyproject.toml
lock: ## new lock files after a change of pyproject.toml (needs uv)
	@command -v uv >/dev/null || { echo "uv is not installed. Install it: pipx install uv" >&2; exit 2; }
	@$(LOCK) --output-file requirements.txt
	@$(LOCK) --extra dev --constraint requirements.txt --output-file requirements-dev.txt

clean: ## forget the environment and every cache; the demonstration's data in var/ stay
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis mutants
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
