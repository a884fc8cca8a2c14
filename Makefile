# make demo: hear music.  make test: pass the tests.  Both work in .venv, which they make.
PYTHON ?= python3
VENV ?= .venv
PIP = $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
PACKAGING = pyproject.toml constraints.txt

.PHONY: demo test check clean

demo: $(VENV)/.play
	$(VENV)/bin/solferino generate attention_rnn \
	    --primer-melody "[60, -2, 62, -2, 64, -2, 65, -2, 67, -2, -2, -2, 67, -2, -2, -2]" \
	    --num-outputs 3 --num-steps 128 --seed 2019 --wav --plot -o out/

test: $(VENV)/.develop
	$(VENV)/bin/python -m pytest

check: $(VENV)/.develop
	PATH=$(CURDIR)/$(VENV)/bin:$$PATH ./check

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.play: $(PACKAGING) | $(VENV)/bin/python
	$(PIP) -e .
	touch $@

$(VENV)/.develop: $(PACKAGING) | $(VENV)/bin/python
	$(PIP) -e '.[train,dev]'
	touch $@

clean:
	rm -rf $(VENV) out build dist
