# ---- Checks and tests ----

PYTEST := .venv/bin/pytest
# ansible-core 2.19 is tested on its own Python where there is one, else on that of the current ansible-core.
PYTHON_OF_2_19 := $(firstword $(shell command -v python3.11) .venv/bin/python)

.PHONY: check units sanity build test soak changelog

check: venv ## run every linter, and the tests of what the parts promise one another
	$(PYTEST) tests/collection/test_linters.py tests/collection/test_contracts.py

units: venv .venv-2.19 ## run the unit tests, on both versions of ansible-core
	$(PYTEST) tests/unit tests/collection/test_oldest_core.py

sanity: venv ## run ansible-test sanity
	$(PYTEST) tests/collection/test_sanity.py

build: venv .venv-2.19 ## build the collection, install it, use it and read its documentation
	$(PYTEST) tests/collection/test_build.py tests/collection/test_docs.py

test: venv .venv-2.19 ## run everything: the above, then the lab's tests in their short form
	$(PYTEST)

soak: venv ## run the lab's tests in their long form
	$(PYTEST) --soak tests/lab

changelog: venv ## write this version's part of CHANGELOG.md anew, from the fragments and what is new
	PATH="$(CURDIR)/.venv/bin:$$PATH" .venv/bin/antsibull-changelog release --update-existing --cummulative-release \
	    --reload-plugins --refresh

.venv-2.19: requirements/core-2.19.txt | venv
	$(PYTHON_OF_2_19) -m venv --clear $@
	$@/bin/pip install --quiet --disable-pip-version-check --requirement $<
	touch $@
