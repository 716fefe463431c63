# SPDX-License-Identifier: Apache-2.0
"""``unified-agent reward train``."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the sub-verb's arguments."""


def run(arguments: argparse.Namespace) -> dict:
    """Not there yet."""
    raise NotImplementedError
