# SPDX-License-Identifier: Apache-2.0
"""Where torch computes."""

from unified_agent.errors import UserError, nearest

DEVICES = ("auto", "cpu", "cuda")


def torch_device(device: str) -> str:
    """The torch device of a parameter's value: "auto" takes the GPU where there is one.

    Raises:
        UserError: where the name is unknown or a GPU is asked for and absent.
    """
    if device not in DEVICES:
        raise UserError(f"Unknown device '{device}'. {nearest(device, DEVICES)}")
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise UserError(
            "The device 'cuda' was asked for, but torch sees no GPU: use 'auto' or 'cpu', or mend the driver."
        )
    return ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
