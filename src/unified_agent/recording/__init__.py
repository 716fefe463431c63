# SPDX-License-Identifier: Apache-2.0
"""What an episode is, and how it is written to disk."""
