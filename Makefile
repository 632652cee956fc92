# Two commands do all the set-up themselves: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: demo test sample check bench format clean

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; try: make PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "pip>=25.1"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[hub,keras,ray,serve]" --group dev
	touch $@

demo: $(READY)
	$(BIN)/tellapart demo pellets demo/pellets
	$(BIN)/tellapart train demo/pellets --out demo/run --time 5m

test: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto

# A fixed sample of the diagnosis benchmark: right or wrong, in some two minutes.
sample: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.diagnosis.run --sample --work .venv/sample

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# DATA is the folder that holds the picture sets; see benchmarks/README.md.
DATA ?= ../shared/data
bench: $(READY)
	$(BIN)/python -m benchmarks.accuracy.run --data $(DATA)
	$(BIN)/python -m benchmarks.speed.run --data $(DATA)
	$(BIN)/python -m benchmarks.audit.run --data $(DATA)
	$(BIN)/python -m benchmarks.diagnosis.run
	$(BIN)/python -m benchmarks.coverage.run
	$(BIN)/python -m benchmarks.curves.run
	$(BIN)/python -m benchmarks.scale.run
	$(BIN)/python -m benchmarks.interruption.run
	$(BIN)/python -m benchmarks.explain.run
	$(BIN)/python -m benchmarks.doctor.run
	$(BIN)/python -m benchmarks.serve.run

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv demo
