# SPDX-License-Identifier: Apache-2.0
"""Training of the language model that writes plans."""
