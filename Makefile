.DEFAULT_GOAL := help
PY := .venv/bin/python
.PHONY: help setup peers test test-fast demo year dashboard lint lock pictures

help:           ## what can be made here
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup:          ## .venv, LibreOffice, poppler and the official fonts (a second run does nothing)
	@bash scripts/setup.sh

peers: setup    ## what the tests hold ours against: the EWS schema, ews-javascript-api, DavMail, Dovecot, Exim, Chromium (tests only)
	@bash scripts/setup_peers.sh
	@bash scripts/setup_mail_servers.sh

test: peers     ## the whole test suite, real parts included (about twelve minutes on two cores)
	@.venv/bin/ruff check src flows tests benchmarks
	@$(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test-fast: setup ## the tests that start no server and no program
	@$(PY) -m pytest -m "not real"

demo: setup     ## the quarterly report of 20 March 2566, from the first mail to the receipt (a killed one goes on)
	@if [ -e state/demo/result.json ]; then rm -rf state/demo; fi
	@.venv/bin/songthan rehearse 2566-q2 --state state/demo

year: setup     ## the whole year 2566, six deadlines on one clock, in about four minutes (a killed one goes on)
	@if [ -e state/year/result.json ]; then rm -rf state/year; fi
	@.venv/bin/songthan rehearse all --state state/year

dashboard: setup ## look at the last demo in the Prefect dashboard
	@.venv/bin/songthan dashboard --state state/demo

lint: setup     ## ruff over everything
	@.venv/bin/ruff check src flows tests benchmarks

lock:           ## write requirements.lock anew from pyproject.toml
	@.venv/bin/uv pip compile -q --universal --generate-hashes --python-version 3.11 --extra dev pyproject.toml -o requirements.lock
