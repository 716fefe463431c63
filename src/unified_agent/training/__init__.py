# SPDX-License-Identifier: Apache-2.0
"""What changes weights, and what recordings teach."""
