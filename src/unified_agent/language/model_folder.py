# SPDX-License-Identifier: Apache-2.0
"""A language model's folder, checked before transformers or peft read it: its weights are data, and so is the rest."""

import math
import re
from pathlib import Path
from typing import Any

from unified_agent.documents import BadDocument, json_of, mapping, read_text, shown
from unified_agent.errors import nearest
from unified_agent.model_files import (
    CONFIG_LIMIT,
    VOCABULARY_LIMIT,
    BadModel,
    check_folder,
    refuse_larger,
    weights_in,
)

CONFIG, TOKENIZER, TOKENIZER_CONFIG, INDEX = (
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "model.safetensors.index.json",
)
ADAPTER, ADAPTER_CONFIG = "adapter_model.safetensors", "adapter_config.json"
_MOST_GROWTH = 64
"""Times that a tokenizer's replacements may lengthen a text."""
_MOST_LAYERS, _MOST_LABELS, _MOST = 4096, 2**16, 2**24
# Of an adapter: what a plain LoRA sets. peft's other ways import modules and read files that the card names.
_PLAIN_LORA = {
    "alpha_pattern",
    "base_model_name_or_path",
    "bias",
    "fan_in_fan_out",
    "inference_mode",
    "init_lora_weights",
    "layers_to_transform",
    "lora_alpha",
    "lora_bias",
    "lora_dropout",
    "megatron_core",
    "peft_type",
    "peft_version",
    "qalora_group_size",
    "r",
    "rank_pattern",
    "revision",
    "target_modules",
    "task_type",
    "use_dora",
    "use_rslora",
}


def check_model(folder: Path) -> None:
    """Refuse what is no causal or sequence-to-sequence model of plain weights.

    Raises:
        BadModel, BadDocument: naming the file.
    """
    if not (folder / CONFIG).is_file():
        raise BadModel(f"{folder} has no {CONFIG}: expected the folder of a model of the transformers library.")
    check_folder(folder)
    if (folder / ADAPTER_CONFIG).exists():
        raise BadModel(f"{folder / ADAPTER_CONFIG} is of an adapter to a model that is elsewhere: give a whole model.")
    config = _mapping(folder / CONFIG)
    _check_sizes(config, folder / CONFIG)
    if config.get("quantization_config"):
        raise BadModel(
            f"{folder / CONFIG} names a 'quantization_config': give a model whose weights are not quantized."
        )
    check_tokenizer(folder)


def check_tokenizer(folder: Path) -> None:
    """Refuse a tokenizer of other classes than transformers' own, or one that may never end.

    Raises:
        BadModel, BadDocument: naming the file.
    """
    if (folder / TOKENIZER_CONFIG).is_file():
        _check_tokenizer_config(_mapping(folder / TOKENIZER_CONFIG), folder / TOKENIZER_CONFIG)
    if (folder / TOKENIZER).is_file():
        _check_rules(folder / TOKENIZER)


def check_weights(folder: Path, described: int) -> None:
    """Refuse a network of ``described`` numbers that the safetensors of the folder do not hold.

    Raises:
        BadModel: see `refuse_larger`; or there are no weights.
    """
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        raise BadModel(f"{folder} has no weights as safetensors: pickled ones are not read. Convert them.")
    refuse_larger(described, sum(map(weights_in, weights)), folder / CONFIG)


def check_adapter(folder: Path) -> None:
    """Refuse an adapter that is no plain LoRA of safetensors.

    Raises:
        BadModel, BadDocument: naming the file.
    """
    check_folder(folder)
    path = folder / ADAPTER_CONFIG
    config = _mapping(path)
    if config.get("peft_type") != "LORA":
        raise BadModel(f"{path}: 'peft_type' must be 'LORA', not {shown(config.get('peft_type'))}.")
    for key, value in config.items():
        if key not in _PLAIN_LORA and value not in (None, False, [], {}, "", 0):
            raise BadModel(f"{path}: a plain LoRA has no '{key}' ({shown(value)}). {nearest(key[:80], _PLAIN_LORA)}")
    _check_sizes(config, path)
    modules = config.get("target_modules")
    if (
        not isinstance(modules, list)
        or not all(isinstance(name, str) for name in modules)
        or len(modules) > _MOST_LAYERS
    ):
        raise BadModel(f"{path}: 'target_modules' must be a list of names, not {shown(modules)}.")
    for key, plain in (("rank_pattern", {}), ("alpha_pattern", {}), ("megatron_core", "megatron.core")):
        if config.get(key) not in (None, plain):
            raise BadModel(f"{path}: a plain LoRA has no '{key}' of its own ({shown(config[key])}).")
    rank = config.get("r")
    if type(rank) is not int or not 1 <= rank <= _MOST_LAYERS:
        raise BadModel(f"{path}: 'r' must be a whole number from 1 to {_MOST_LAYERS}, not {shown(rank)}.")
    for key in ("lora_alpha", "lora_dropout"):
        value = config.get(key, 0)
        if type(value) not in (int, float) or not math.isfinite(value) or not 0 <= value <= _MOST:
            raise BadModel(f"{path}: '{key}' must be a finite number of 0 or more, not {shown(value)}.")
    weights_in(folder / ADAPTER)


def _mapping(path: Path) -> dict[str, Any]:
    return mapping(json_of(read_text(path, CONFIG_LIMIT), str(path), CONFIG_LIMIT), str(path))


def _check_sizes(config: dict[str, Any], path: Path) -> None:
    """Bound what a configuration is a count or a size of; transformers makes lists of some of them before it looks."""
    waiting = [config]
    while waiting:
        values = waiting.pop()
        for key, value in values.items():
            if isinstance(value, dict):
                waiting.append(value)
            elif isinstance(value, int) and not isinstance(value, bool):
                most = _most(key)
                if most is not None and not -1 <= value <= most:
                    raise BadDocument(f"{path}: '{key[:80]}' must be at most {most}, not {shown(value)}.")
            elif isinstance(value, float) and not math.isfinite(value):
                raise BadDocument(f"{path}: '{key[:80]}' must be a finite number, not {value}.")


def _most(key: str) -> int | None:
    if re.search(r"label", key):
        return _MOST_LABELS
    if re.search(r"layer|block|depth|expert|stage|heads?\b|groups", key):
        return _MOST_LAYERS if "size" not in key and "dim" not in key else _MOST
    return _MOST if re.search(r"size|dim|width|num|n_|d_|hidden|vocab|positions?|channels|rank|window", key) else None


def _check_tokenizer_config(config: dict[str, Any], path: Path) -> None:
    kind = config.get("tokenizer_class")
    if kind is not None and not (isinstance(kind, str) and re.fullmatch(r"[A-Za-z0-9_]{1,80}", kind)):
        raise BadModel(f"{path}: 'tokenizer_class' must be the name of one of transformers' own, not {shown(kind)}.")
    if config.get("init_inputs"):
        raise BadModel(f"{path}: 'init_inputs' must be empty: a tokenizer is built of the folder's own files.")


def _check_rules(path: Path) -> None:
    """Refuse rules that make a text grow without end, or patterns that go back and forth over it without end."""
    rules = mapping(json_of(read_text(path, VOCABULARY_LIMIT), str(path), VOCABULARY_LIMIT), str(path))
    growth = 1.0
    waiting: list[Any] = [rules.get(part) for part in ("normalizer", "pre_tokenizer", "post_processor", "decoder")]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            waiting += value.values()
            content, pattern = value.get("content"), value.get("pattern")
            said = next(iter(pattern.values()), "") if isinstance(pattern, dict) else ""
            if isinstance(pattern, dict) and "Regex" in pattern and _may_run_away(str(said)):
                raise BadModel(f"{path} has a pattern with repeats inside repeats ({shown(said)}): it may never end.")
            if isinstance(content, str) and isinstance(pattern, dict):
                growth *= max(1.0, len(content) / max(1, len(str(said))))
    if growth > _MOST_GROWTH:
        raise BadModel(f"{path} makes a text {growth:.3g} times as long: expected at most {_MOST_GROWTH} times.")


def _may_run_away(pattern: str) -> bool:
    """Whether a repeated group of a pattern holds a repeat or a choice itself."""
    if len(pattern) > 10_000:
        return True
    plain = re.sub(r"\\.", "a", pattern)
    plain = re.sub(r"\[(?:\[[^\]]*\]|[^\[\]])*\]", "a", plain)
    while match := re.search(r"\((?:\?(?:[a-z-]*:|<?[=!]))?([^()]*)\)(\{\d*,?\d*\}|[*+])?", plain):
        inner, repeated = match[1], match[2]
        if repeated and re.search(r"[*+|{]", inner):
            return True
        plain = f"{plain[: match.start()]}{'a*' if re.search(r'[*+|{]', inner) else 'a'}{plain[match.end() :]}"
    return False
