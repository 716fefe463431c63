# SPDX-License-Identifier: Apache-2.0
"""Training of the policy: collect & infer, and behaviour cloning."""
