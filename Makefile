# SPDX-License-Identifier: Apache-2.0
INSTRUCTION ?= stack the red object on top of the blue object
export INSTRUCTION

.PHONY: help setup sim test lint

help:  ## Say what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10
	@echo
	@echo 'make sim INSTRUCTION="stack the blue object on top of the green object"   says something else'
	@echo 'make setup PYTHON=/path/to/python3.12                                     takes that Python'

setup:  ## Install everything into .venv (again only when something changed)
	@tools/setup.sh

sim: setup  ## See the simulated arm carry out an instruction
	@.venv/bin/unified-agent up sim instruction:="$$INSTRUCTION"

test: setup  ## Run all tests
	@.venv/bin/python -m pytest

lint: setup  ## Check style and format
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
