# SPDX-License-Identifier: Apache-2.0
"""Every measurement that the docs quote: ``unified-agent bench``."""
