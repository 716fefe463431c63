# SPDX-License-Identifier: Apache-2.0
"""What sentences as rewards are for: recordings scored, wordings chosen, policies learnt from the reward alone."""
