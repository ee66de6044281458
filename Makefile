# sitewright.grid: `make` lists what there is to make.

# ---- The lab ----

# Molecule remembers below ANSIBLE_HOME what it has created, by the name of the checkout's directory alone. The glob
# keeps it from complaining about the place of its scenarios.
LAB := PATH="$(CURDIR)/.venv/bin:$$PATH" ANSIBLE_HOME="$(CURDIR)/.ansible" MOLECULE_GLOB="molecule/*/molecule.yml" .venv/bin/

.PHONY: help venv lab site destroy clean

help: ## list the targets
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 18

venv: ## make .venv from requirements/dev.txt, on the newest Python found
	@requirements/make-venv

lab: ## start the lab's hosts, with nothing on them yet
	@molecule/preflight
	@requirements/make-venv
	@molecule/namespace start
	@molecule/image/build
	$(LAB)ansible-playbook molecule/shared/create.yml

site: lab ## build the lab's site, prove it, and leave it running
	$(LAB)molecule converge --scenario-name site
	$(LAB)molecule verify --scenario-name site
	@molecule/ssh store1 ceph -s
	@cat molecule/site/welcome.txt

destroy: venv ## remove the lab's hosts
	$(LAB)molecule destroy --scenario-name site

clean: ## remove the lab and all that was made for it: hosts, images, caches, .venv
	molecule/namespace stop
	rm -rf .ansible .cache .lab .venv .venv-2.19 "$${XDG_CACHE_HOME:-$$HOME/.cache}/sitewright-grid"

# ---- Checks and tests ----

PYTEST := .venv/bin/pytest
# Tests that share hosts in one process, in the other one what does not: see tests/conftest.py.
PARALLEL := --numprocesses 2 --dist loadscope
# ansible-core 2.19 is tested on its own Python where there is one, else on that of the current ansible-core.
PYTHON_OF_2_19 := $(firstword $(shell python3.11 -c 'import sys; print(sys.executable)' 2>/dev/null) .venv/bin/python)

.PHONY: check units sanity build test soak changelog

check: venv ## run every linter, and the tests of what the parts promise one another
	$(PYTEST) tests/collection/test_linters.py tests/collection/test_contracts.py

units: venv .venv-2.19 ## run the unit tests, on both versions of ansible-core
	$(PYTEST) tests/unit tests/collection/test_oldest_core.py

sanity: venv ## run ansible-test sanity
	$(PYTEST) tests/collection/test_sanity.py

build: venv .venv-2.19 ## build the collection, install it, use it and read its documentation
	$(PYTEST) tests/collection/test_build.py tests/collection/test_docs.py

test: venv .venv-2.19 ## run everything: the above, and the lab's tests in their short form, the site's beside all others
	$(PYTEST) $(PARALLEL)

soak: venv ## run the lab's tests in their long form
	$(PYTEST) $(PARALLEL) --soak tests/lab

changelog: venv ## write CHANGELOG.md from the fragments and the modules; from nothing, as 0.1.0 is not released
	rm -f changelogs/changelog.yaml
	PATH="$(CURDIR)/.venv/bin:$$PATH" .venv/bin/antsibull-changelog release --reload-plugins

# ---- Reference ----

REFERENCE := .cache/reference

.PHONY: reference

reference: venv ## write the reference of every module, plugin and role, to be read with any viewer of reStructuredText
	rm -rf $(REFERENCE)
	install -d -m 0700 $(REFERENCE)
	PATH="$(CURDIR)/.venv/bin:$$PATH" ANSIBLE_COLLECTIONS_PATH=.lab/collections .venv/bin/antsibull-docs collection --use-current \
	  --squash-hierarchy --fail-on-error --output-format simplified-rst --dest-dir $(REFERENCE) sitewright.grid
	@echo "reference: $(REFERENCE)/index.rst"

.venv-2.19: requirements/core-2.19.txt | venv
	$(PYTHON_OF_2_19) -m venv --clear $@
	$@/bin/pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

# ---- Benchmark ----

.PHONY: bench

bench: ## measure the times of the site, and of large inventories; removes the lab's hosts
	@molecule/preflight
	@requirements/make-venv
	$(LAB)python tests/bench/bench.py
	$(LAB)python tests/bench/scale.py

# ---- Block devices of the scenario bare ----

clean: loops

.PHONY: loops

loops: # one that is in use is freed when its host has ended
	losetup --list --noheadings --output NAME,BACK-FILE | awk '$$2 ~ "^$(CURDIR)/[.]lab/" {print $$1}' | xargs -r losetup --detach
