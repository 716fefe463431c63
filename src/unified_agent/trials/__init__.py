# SPDX-License-Identifier: Apache-2.0
"""Episodes in-process, and how they are evaluated."""
