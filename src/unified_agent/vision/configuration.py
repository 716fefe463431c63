# SPDX-License-Identifier: Apache-2.0
"""What an ``open_clip_config.json`` may say: the names and values of open_clip's models; nothing chooses code."""

import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import open_clip

from unified_agent.documents import BadDocument, json_of, mapping, read_text, shown
from unified_agent.errors import nearest
from unified_agent.model_files import CONFIG_LIMIT

LARGEST_IMAGE = 2048
"""Edge, pixels."""
_MOST_PATCHES, _MOST_NUMBERS = 128, 2**18
"""Along one edge of the image: every patch attends to all, and open_clip computes tables of the numbers."""
_Check = Callable[[Any], bool]


def read(path: Path) -> dict[str, Any]:
    """The checked content of an ``open_clip_config.json``, its keys ``model_cfg`` and ``preprocess_cfg``.

    Raises:
        BadDocument: naming what is unknown, of another type or out of range.
    """
    content = mapping(json_of(read_text(path, CONFIG_LIMIT), str(path), CONFIG_LIMIT), str(path))
    model = mapping(content.get("model_cfg"), f"{path}, model_cfg")
    _check(model, _MODEL, f"{path}, model_cfg")
    for tower, known in (("vision_cfg", _VISION), ("text_cfg", _TEXT), ("multimodal_cfg", _MULTIMODAL)):
        if tower in model or tower != "multimodal_cfg":
            _check(mapping(model.get(tower), f"{path}, {tower}"), known, f"{path}, {tower}")
    if "embed_dim" not in model:
        raise BadDocument(f"'embed_dim' is missing in {path}, model_cfg.")
    vision = model["vision_cfg"]
    size, patch = vision.get("image_size", 224), vision.get("patch_size", 16)
    patches = (max(size) if isinstance(size, list) else size) // patch if patch else 1
    if patches > _MOST_PATCHES or patches * vision.get("width", 768) > _MOST_NUMBERS:
        raise BadDocument(
            f"{path}, vision_cfg: {patches} patches along an edge, {vision.get('width', 768)} wide; at most "
            f"{_MOST_PATCHES} can be attended to, {_MOST_NUMBERS} numbers along an edge."
        )
    preprocess = mapping(content.get("preprocess_cfg") or {}, f"{path}, preprocess_cfg")
    # What open_clip does not know there it leaves out.
    _check({key: preprocess[key] for key in preprocess if key in _PREPROCESS}, _PREPROCESS, f"{path}, preprocess_cfg")
    return {"model_cfg": model, "preprocess_cfg": preprocess}


def tokenizer_names() -> set[str]:
    """The tokenizers on the hub that open_clip's own models use."""
    return _own("hf_tokenizer_name") | _own("hf_model_name")


def _own(key: str) -> set[str]:
    configs = (open_clip.get_model_config(name) or {} for name in open_clip.list_models())
    return {config["text_cfg"][key] for config in configs if key in config.get("text_cfg", {})}


def _check(values: Mapping[str, Any], known: Mapping[str, tuple[_Check, str]], where: str) -> None:
    for key, value in values.items():
        if key not in known:
            raise BadDocument(f"{where} has an unknown key {shown(key)}. {nearest(str(key)[:80], known)}")
        right, expected = known[key]
        if not right(value):
            raise BadDocument(f"{where}: '{key}' must be {expected}, not {shown(value)}.")


def _whole(low: int, high: int) -> tuple[_Check, str]:
    return lambda v: type(v) is int and low <= v <= high, f"a whole number from {low} to {high}"


def _number(low: float, high: float) -> tuple[_Check, str]:
    return lambda v: _is_number(v) and low <= v <= high, f"a number from {low:g} to {high:g}"


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _one_of(*options: str) -> tuple[_Check, str]:
    return lambda v: isinstance(v, str) and v in options, f"one of {', '.join(map(repr, options))}"


def _maybe(check: tuple[_Check, str]) -> tuple[_Check, str]:
    return lambda v: v is None or check[0](v), check[1]


def _pair_or(check: tuple[_Check, str]) -> tuple[_Check, str]:
    def right(value: Any) -> bool:
        return check[0](value) or (isinstance(value, list) and len(value) == 2 and all(map(check[0], value)))

    return right, f"{check[1]}, or two of them"


def _settings(**known: tuple[_Check, str]) -> tuple[_Check, str]:
    def right(value: Any) -> bool:
        return isinstance(value, dict) and all(key in known and known[key][0](value[key]) for key in value)

    return right, f"a mapping with no other keys than {', '.join(known)}"


def _three(low: float, high: float) -> tuple[_Check, str]:
    number = _number(low, high)
    return lambda v: isinstance(v, list) and len(v) == 3 and all(map(number[0], v)), f"three numbers, each {number[1]}"


def _is_layers(value: Any) -> bool:
    stages = value if isinstance(value, list) else [value]
    return len(stages) in (1, 4) and all(type(n) is int and 1 <= n <= 256 for n in stages)


def _is_timm(value: Any) -> bool:
    """A name of timm's own; its ``hf-hub:`` and ``local-dir:`` would read another model from elsewhere."""
    return isinstance(value, str) and bool(re.fullmatch(r"[A-Za-z0-9_.]+", value))


def _is_hf_model(value: Any) -> bool:
    return isinstance(value, str) and value in _own("hf_model_name")


_TRUTH = (lambda v: isinstance(v, bool), "true or false")
_SHARE = _number(0.0, 1.0)
_WIDTH, _HEADS, _LENGTH = _whole(1, 16384), _whole(1, 1024), _whole(1, 4096)
_BLOCK = {
    "width": _WIDTH,
    "mlp_ratio": _number(0.01, 64.0),
    "ls_init_value": _maybe(_number(0.0, 10.0)),
    "act_kwargs": _maybe(_settings(approximate=_one_of("none", "tanh"))),
    "norm_kwargs": _maybe(_settings(eps=_SHARE)),
    "block_type": _maybe(_one_of("default", "custom")),
    "output_tokens": _TRUTH,
    "final_ln_after_pool": _TRUTH,
    **dict.fromkeys(("qk_norm", "scaled_cosine_attn", "scale_heads", "scale_attn_inner", "scale_attn"), _TRUTH),
    "scale_fc": _TRUTH,
}
_MODEL = {
    "embed_dim": _WIDTH,
    "quick_gelu": _TRUTH,
    "custom_text": _TRUTH,
    "nonscalar_logit_scale": _TRUTH,
    "init_logit_scale": _number(-100.0, 100.0),
    "init_logit_bias": _maybe(_number(-100.0, 100.0)),
    **dict.fromkeys(("vision_cfg", "text_cfg", "multimodal_cfg"), (lambda v: isinstance(v, dict), "a mapping")),
}
_VISION = {
    **_BLOCK,
    "layers": (_is_layers, "a whole number from 1 to 256, or four of them"),
    "head_width": _WIDTH,
    "patch_size": _maybe(_whole(1, LARGEST_IMAGE)),
    "image_size": _pair_or(_whole(1, LARGEST_IMAGE)),
    "patch_dropout": _SHARE,
    "attentional_pool": (lambda v: v in (True, False, "parallel", "cascade"), "true, false, 'parallel' or 'cascade'"),
    "attn_pooler_queries": _LENGTH,
    "attn_pooler_heads": _HEADS,
    "no_ln_pre": _TRUTH,
    "pos_embed_type": _one_of("learnable", "sin_cos_2d"),
    "pool_type": _one_of("tok", "avg", "none"),
    "timm_model_name": _maybe((_is_timm, "the name of one of timm's own models")),
    "timm_model_pretrained": _TRUTH,
    "timm_pool": _one_of("", "avg", "map", "token", "abs_attn", "rot_attn", "max", "avgmax"),
    "timm_proj": _maybe(_one_of("", "linear", "mlp", "none")),
    "timm_proj_bias": _TRUTH,
    "timm_drop": _SHARE,
    "timm_drop_path": _maybe(_SHARE),
}
_TEXT = {
    **_BLOCK,
    "layers": _whole(1, 256),
    "heads": _HEADS,
    "context_length": _LENGTH,
    "vocab_size": _whole(1, 2**21),
    "embed_cls": _TRUTH,
    "pad_id": _whole(0, 2**21),
    "eos_id": _whole(0, 2**21),
    "no_causal_mask": _TRUTH,
    "pool_type": _one_of("argmax", "first", "last", "eos", "none"),
    "proj_bias": _TRUTH,
    "proj_type": _maybe(_one_of("linear", "none")),
    "hf_model_name": _maybe((_is_hf_model, "a text model that open_clip's own models use")),
    "hf_model_pretrained": _TRUTH,
    "hf_proj_type": _maybe(_one_of("linear", "mlp")),
    "hf_pooler_type": _maybe(_one_of("mean_pooler", "max_pooler", "cls_pooler", "cls_last_hidden_state_pooler")),
    "hf_tokenizer_name": _maybe((lambda v: isinstance(v, str), "the name of a tokenizer")),
    "tokenizer_mode": _maybe(_one_of("", "clips")),
    "tokenizer_kwargs": _maybe(_settings(clean=_one_of("canonicalize", "lower", "whitespace"), strip_sep_token=_TRUTH)),
}
_MULTIMODAL = {
    **_TEXT,
    "dim_head": _WIDTH,
    "n_queries": _LENGTH,
    "attn_pooler_heads": _HEADS,
}
_PREPROCESS = {
    "size": _maybe(_pair_or(_whole(1, LARGEST_IMAGE))),
    "mode": _maybe(_one_of("RGB")),
    "mean": _maybe(_three(-1.0, 2.0)),
    "std": _maybe(_three(1e-6, 10.0)),
    "interpolation": _maybe(_one_of("bicubic", "bilinear", "nearest")),
    "resize_mode": _maybe(_one_of("shortest", "longest", "squash")),
    "fill_color": _maybe(_whole(0, 255)),
}
