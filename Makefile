# `make search` and `make test` do everything on a fresh machine: they make .venv, install, and run.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
RLLIB := .venv-rllib
AUDIT := .venv-audit
ARGUMENTS ?=
# One thread a process: a child trains on one thread, and a busy machine runs more than one process.
export OMP_NUM_THREADS := 1

.PHONY: search docs links test faults test-rllib lint format clean

search: $(INSTALLED)  ## The main job: a search on the embedded digits, then the random control.
	$(BIN)/python train_agent.py --control random $(ARGUMENTS)

docs: $(INSTALLED)  ## The documentation as a site: build/site/index.html.
	$(BIN)/python -m sphinx -W --keep-going -n -q -c docs -d build/doctrees . build/site

links: $(INSTALLED)  ## The links to other sites: does each lead somewhere? It needs a network.
	$(BIN)/python -m sphinx -b linkcheck -q -c docs -d build/doctrees . build/links

test: $(INSTALLED)  ## Every test.
	$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGUMENTS)

faults: $(INSTALLED)  ## The fault matrix, ten times as large (docs/reliability.md); its figures in faults.jsonl.
	rm -f faults.jsonl
	FAULTS=10 FAULTS_FIGURES=$(CURDIR)/faults.jsonl $(BIN)/python -m pytest tests/faults --durations 0 $(ARGUMENTS)

fuzz: $(INSTALLED)  ## Every format that a stranger may write, for an hour: make fuzz ARGUMENTS="--minutes 5 tables_npz".
	$(BIN)/python -m tests.fuzz $(ARGUMENTS)

soak: $(INSTALLED)  ## Two searches that are killed again and again, and compared with two that were not.
	$(BIN)/python -m benchmarks.soak $(ARGUMENTS)

audit: $(INSTALLED)  ## Licences of what is installed, and known vulnerabilities of it (which needs a network).
	$(BIN)/python -m benchmarks.licences --extras dev cluster onnx
	test -x $(AUDIT)/bin/pip-audit || ($(PYTHON) -m venv $(AUDIT) && $(AUDIT)/bin/python -m pip install --quiet pip-audit)
	$(AUDIT)/bin/pip-audit --path $$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')

test-rllib: $(RLLIB)/.installed  ## RLlib's tests and the environment's, with the older Gymnasium that RLlib pins.
	$(RLLIB)/bin/python -m pytest tests/test_libraries.py tests/test_env_contract.py $(ARGUMENTS)

lint: $(INSTALLED)  ## The linters, the formatter's check and the type checker.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

format: $(INSTALLED)  ## Format and mend what can be mended by itself.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## Remove the environment and everything that was built (never runs/).
	rm -rf $(VENV) $(RLLIB) $(AUDIT) build docs/api docs/catalogue docs/notebooks/*.md dist *.egg-info .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is newer than what decides the installation, so nothing is installed twice.
$(INSTALLED): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev,docs,onnx]' --constraint constraints.txt
	touch $@

$(RLLIB)/.installed: pyproject.toml constraints.txt
	test -x $(RLLIB)/bin/python || $(PYTHON) -m venv $(RLLIB)
	grep -v '^gymnasium' constraints.txt > $(RLLIB)/constraints.txt
	$(RLLIB)/bin/python -m pip install --quiet --editable '.[rllib]' --constraint $(RLLIB)/constraints.txt
	touch $@
