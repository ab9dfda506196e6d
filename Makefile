# Everything a newcomer needs: `make app` and `make test`. Both install what they use into .venv.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
RUN = .venv/bin/python

.PHONY: app test test-slow lint format bench pretrained pins clean

app: .venv/app  ## serve the dashboard on http://127.0.0.1:8501
	@$(RUN) -m explorer app

test: .venv/dev  ## the fast tests, two files at a time
	$(RUN) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test-slow: .venv/dev  ## minutes of training and of killed processes
	$(RUN) -m pytest -m slow

lint: .venv/dev
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

format: .venv/dev
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

bench: .venv/dev  ## side-by-side measurements; nothing is asserted
	for one in training sampling startup first_picture latency traverse memory scrubbing game latent_map; do $(RUN) -m benchmarks.$$one || exit 1; done

pretrained: .venv/app  ## train every shipped model from its recipe: hours; a second call goes on
	$(RUN) -m explorer zoo build

pins: .venv/dev  ## compile requirements*.txt from the ranges in pyproject.toml
	$(RUN) -m uv pip compile -q --universal --python-version 3.11 --upgrade pyproject.toml \
		-o requirements.txt
	$(RUN) -m uv pip compile -q --universal --python-version 3.11 --extra dev -c requirements.txt \
		pyproject.toml -o requirements-dev.txt

clean:
	rm -rf .venv .pytest_cache .ruff_cache

.venv/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; none was found. Install it," \
		"or name one: make app PYTHON=/path/to/python3.12" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(RUN) -m pip install --quiet --disable-pip-version-check "uv>=0.9"
	@touch $@

.venv/app: requirements.txt | .venv/python
	$(RUN) -m uv pip install --quiet -r requirements.txt
	@touch $@

.venv/dev: requirements-dev.txt | .venv/python
	$(RUN) -m uv pip install --quiet -r requirements-dev.txt
	@touch $@ .venv/app
