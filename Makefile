# Rakkan. `make help` lists what there is; each target does all of its own set-up.
#
# PROMPT and its like are handed on through the environment and never become shell text, so quotes,
# commas, `$` and newlines in them are only characters. $(value …) keeps make from expanding them too.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
WORKERS ?= 2

OPTIONS := PROMPT NEGATIVE SEED COUNT STEPS GUIDANCE SIZE OUT
$(foreach name,$(OPTIONS),$(eval export RAKKAN_MAKE_$(name) := $$(value $(name))))
unexport $(OPTIONS)
MAKEOVERRIDES :=

# A virtual environment remembers where it was made: after the checkout moves, make it anew.
ifneq ($(shell cat $(VENV)/checkout 2>/dev/null),$(CURDIR))
MOVED := moved
endif

.DEFAULT_GOAL := help
.PHONY: help create figures test lint soak proof bench clean moved

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(firstword $(MAKEFILE_LIST))

create: $(VENV)/ready-base ## draw a character: make create PROMPT="1girl, silver twin tails" (also NEGATIVE SEED COUNT STEPS GUIDANCE SIZE OUT)
	@exec $(RUN) -m rakkan create --out "$${RAKKAN_MAKE_OUT:-pictures}" \
	  $${RAKKAN_MAKE_NEGATIVE:+--negative "$$RAKKAN_MAKE_NEGATIVE"} \
	  $${RAKKAN_MAKE_SEED:+--seed "$$RAKKAN_MAKE_SEED"} $${RAKKAN_MAKE_COUNT:+--count "$$RAKKAN_MAKE_COUNT"} \
	  $${RAKKAN_MAKE_STEPS:+--steps "$$RAKKAN_MAKE_STEPS"} $${RAKKAN_MAKE_SIZE:+--size "$$RAKKAN_MAKE_SIZE"} \
	  $${RAKKAN_MAKE_GUIDANCE:+--guidance "$$RAKKAN_MAKE_GUIDANCE"} -- "$$RAKKAN_MAKE_PROMPT"

figures: $(VENV)/ready-base ## draw a sheet of the renderer's own figures
	@exec $(RUN) -m rakkan figures sheet

test: $(VENV)/ready-dev ## run the test suite
	@$(RUN) -m pytest -n $(WORKERS) --dist loadfile

lint: $(VENV)/ready-dev ## check style and types
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy

soak: $(VENV)/ready-dev ## fuzz and break things for MINUTES (default 60), from SEED; resumes where it stopped
	@$(RUN) tests/soak --minutes $(or $(MINUTES),60) $(if $(SEED),--seed '$(SEED)')

proof: $(VENV)/ready-dev ## measure everything that docs/ publishes, on packages it fetches (4 GB); resumes where it stopped
	@$(RUN) -m rakkan figures survey
	@$(RUN) -m rakkan starter evaluate
	@$(RUN) -m benchmarks.prompt_filter --texts .proof/texts
	@$(RUN) -m benchmarks.pictures --folder .proof/pictures
	@$(RUN) -m benchmarks.content_errors --folder .proof/pictures
	@$(RUN) -m benchmarks.likeness --pictures .proof/pictures --scores .proof/likeness.jsonl
	@$(RUN) -m benchmarks.fingerprints
	@$(RUN) -m benchmarks.scraping
	@$(RUN) -m benchmarks.scraping_http .proof/hub
	@$(RUN) -m benchmarks.scraping_tables
	@$(RUN) -m benchmarks.scraping_http_tables

bench: $(VENV)/ready-dev ## compare with named peers: drawing, checkpoints (30 GB), the gate, its inspectors, the upscaler, the ledger, the vault
	@$(RUN) benchmarks/bench.py
	@$(RUN) -m benchmarks.release
	@$(RUN) -m benchmarks.content
	@$(RUN) -m benchmarks.upscaling
	@$(RUN) -m benchmarks.ledger --json docs/measurements/ledger.json
	@$(RUN) -m benchmarks.checkpoints --write
	@$(RUN) benchmarks/vault.py --pause 20 --json docs/measurements/vault.json

clean: ## remove what make made (pictures stay)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .soak build dist

$(VENV)/ready-base: pyproject.toml scripts/prepare $(MOVED)
	@sh scripts/prepare "$(PYTHON)" $(VENV) base

$(VENV)/ready-dev: pyproject.toml scripts/prepare $(MOVED)
	@sh scripts/prepare "$(PYTHON)" $(VENV) dev
