# The commands of the house. They need python3 (3.11 or newer) and nothing else.
# Variables go on the line or into the environment: make run FLEET=0 WEB_PORT=8080

PYTHON ?= python3
# One more than there are processors: the longest tests mostly wait.
WORKERS ?= $(shell expr $$(nproc) + 1)
VENV := .venv
PY := $(VENV)/bin/python
PINS := deploy/requirements
COMPILE = $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url --no-emit-find-links $(UPGRADE) pyproject.toml

.PHONY: run test check bench requirements screenshots vendor messages
.DEFAULT_GOAL := run

run: $(VENV)/run.stamp
	@exec $(PY) manage.py up --with-parent

test: $(VENV)/dev.stamp
	$(PY) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(VENV)/dev.stamp
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(PY) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	$(PY) manage.py check
	env DATABASE_URL=postgresql://kilowatch@db.example/kilowatch REDIS_URL=redis://redis.example/0 \
		SECRET_KEY=0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ALLOWED_HOSTS=noc.example \
		PUBLIC_URL=https://noc.example OCPP_PUBLIC_URL=wss://ocpp.example/ocpp EMAIL_URL=smtp+tls://mail.example TRUSTED_PROXIES=10.0.0.0/8 \
		$(PY) manage.py check --deploy --fail-level WARNING

bench: $(VENV)/dev.stamp
	$(PY) -m tests.bench $(ARGS)

# Photographs the demo network for the operator's guide (/help/); needs Chromium, takes minutes.
screenshots: $(VENV)/dev.stamp
	$(PY) -m tests.screenshots

# Pins every dependency of pyproject.toml with its hashes; UPGRADE=--upgrade takes newer ones.
requirements: $(VENV)/dev.stamp
	$(PY) -m pip install --quiet --disable-pip-version-check uv
	$(COMPILE) --output-file $(PINS)/run.txt
	$(COMPILE) --extra dev --constraint $(PINS)/run.txt --output-file $(PINS)/dev.txt

$(VENV)/%.stamp: $(PINS)/%.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Kilowatch needs Python 3.11 or newer: make PYTHON=/path/to/python3.11")'
	@$(PYTHON) -c 'import ensurepip, venv' 2>&- || { echo "This python3 can make no environments: install python3-venv." >&2; exit 1; }
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@echo "Installing $<"
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

# Fetches the browser's assets as pinned in vendor.json; needs npm. See the script for new versions.
vendor:
	$(PYTHON) deploy/vendor_assets.py $(ARGS)

# Takes new messages into the catalogues of translations and compiles them; needs xgettext (gettext).
messages: $(VENV)/dev.stamp
	$(PY) deploy/messages.py $(ARGS)
