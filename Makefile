# Set-up, data, demo and checks. `make` alone lists the targets.

# The interpreter that .venv is made from.
PYTHON_BIN ?= python3
# Root of all data sets, Detectron2's own variable.
DETECTRON2_DATASETS ?= datasets
export DETECTRON2_DATASETS
WORKERS ?= $(shell nproc 2>/dev/null || getconf _NPROCESSORS_ONLN)
TEST_WORKERS ?= 2
PYTEST_ARGS ?=

SOURCES := projects tools lab tests setup.py docs/site notebooks
PRESET ?= demo

# PYTHON=… on the command line selects an existing environment, which is remembered until PYTHON=
# (empty) goes back to .venv. A PYTHON that is merely exported is somebody else's and is ignored.
REMEMBERED := .setup/python
ifeq ($(origin PYTHON),command line)
  ifneq ($(PYTHON),)
    EXISTING := $(shell '$(PYTHON)' -c 'import sys; print(sys.executable)')
    ifeq ($(EXISTING),)
      $(error PYTHON=$(PYTHON) is not a Python interpreter that starts)
    endif
  endif
else
  EXISTING := $(shell cat $(REMEMBERED) 2>/dev/null)
  ifneq ($(EXISTING),$(wildcard $(EXISTING)))
    $(error $(EXISTING), remembered in $(REMEMBERED), is gone; `make setup PYTHON=` goes back to .venv)
  endif
endif
# .venv is our own even when it is named.
EXISTING := $(filter-out $(CURDIR)/.venv/bin/%,$(EXISTING))

ifeq ($(EXISTING),)
  PY := $(CURDIR)/.venv/bin/python
  STAMP := .venv/.setup-complete
  SET_UP := $(PYTHON_BIN) tools/setup_environment.py --venv .venv
else
  PY := $(EXISTING)
  STAMP := .setup/$(subst /,_,$(EXISTING)).complete
  SET_UP := $(PY) tools/setup_environment.py
  # Written when an environment is made anew under the same path (venv, conda).
  ENVIRONMENT_BIRTH := $(wildcard $(dir $(PY))../pyvenv.cfg $(dir $(PY))../conda-meta/history)
endif

.DEFAULT_GOAL := help
.PHONY: help setup data demo test test-slow lint docs format clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "Python in use: $(PY)"

$(STAMP): setup.py constraints.txt tools/setup_environment.py $(ENVIRONMENT_BIRTH)
	$(SET_UP)
	@mkdir -p $(dir $@)
	@touch $@

setup: $(STAMP) ## make .venv, or complete an existing environment: make setup PYTHON=/path/to/python
ifeq ($(origin PYTHON),command line)
	@mkdir -p $(dir $(REMEMBERED))
	@echo '$(EXISTING)' > $(REMEMBERED)
endif

data: setup ## build the body surface and render people: make data PRESET=demo (or tiny, bench, photo)
	$(PY) tools/build_surface.py
	$(PY) tools/make_synthetic_dataset.py --preset $(PRESET) --seed 0 --workers $(WORKERS) \
		--out $(DETECTRON2_DATASETS)/synth_people_$(PRESET)

demo: setup ## render people, train the full model on them, evaluate it, draw the report
	$(PY) tools/demo.py

# One thread a process: small tensors gain nothing from more, and the workers share the cores.
test: setup ## fast tests
	OMP_NUM_THREADS=1 $(PY) -m pytest -n $(TEST_WORKERS) --dist loadfile $(PYTEST_ARGS)

test-slow: setup ## tests marked slow
	OMP_NUM_THREADS=1 $(PY) -m pytest -m slow $(PYTEST_ARGS)

lint: setup ## ruff, the arrows between rooms, types
	$(PY) -m ruff check $(SOURCES)
	$(PY) -m ruff format --check $(SOURCES)
	PYTHONPATH=. $(PY) -c "from importlinter.cli import lint_imports_command as lint; lint()"
	$(PY) -m mypy

docs: setup ## the pages and the API as a site, build/docs; runs the docstrings' examples
	$(PY) -m sphinx -W --keep-going -q -c docs/site -b html . build/docs
	OMP_NUM_THREADS=1 $(PY) -m pytest -q --doctest-modules \
		$$(grep -rl --include='*.py' '>>> ' projects)

format: setup ## let ruff mend what it can
	$(PY) -m ruff check --fix $(SOURCES)
	$(PY) -m ruff format $(SOURCES)

clean: ## remove caches and build results; data, output and environments stay
	rm -rf build dist projects/*.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find $(filter-out %.py,$(SOURCES)) -name __pycache__ -type d -prune -exec rm -rf {} +
