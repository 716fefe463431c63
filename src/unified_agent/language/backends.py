# SPDX-License-Identifier: Apache-2.0
"""Language models behind the planner: SmolLM2 with this project's adapter, or any model of the transformers library."""

import copy
import math
import os
import warnings
from collections.abc import Sequence
from pathlib import Path

from unified_agent.device import torch_device
from unified_agent.errors import UserError, first_line, nearest
from unified_agent.language import model_folder, prompts, smollm2
from unified_agent.language.grammar import Grammar
from unified_agent.model_files import check_config, refuse_strange_numbers
from unified_agent.paths import models

UNTUNED = "smollm2-untuned"
SPECS = ("smollm2", UNTUNED, "hf:<model id or folder>[@revision]")


def load(spec: str, device: str = "cpu"):
    """The back end of a name.

    Args:
        spec: ``smollm2``, the default, with the shipped adapter; ``smollm2-untuned``, the same model off the shelf;
            ``hf:<model id or folder>[@revision]``, a causal or sequence-to-sequence model off the shelf. Models off
            the shelf are shown in-context examples.
        device: "auto", "cpu" or "cuda".

    Raises:
        UserError: the name, the model or the device is not there.
    """
    # Otherwise a model's type can make transformers download and run compiled code, where 'kernels' is installed.
    os.environ.setdefault("USE_HUB_KERNELS", "NO")
    from transformers.utils import logging

    device = torch_device(device)
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    if spec == "smollm2":
        return Tuned.load(models() / "planner", device)
    if spec == UNTUNED:
        return Causal(*smollm2.load(), device)
    if spec.startswith("hf:") and len(spec) > 3:
        return _from_hub(spec[3:], device)
    raise UserError(f"'{spec}' is no planner. {nearest(spec, SPECS)}")


def _from_hub(name: str, device: str):
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer

    try:
        folder = Path(name) if is_folder(name) else fetched(*name.partition("@")[::2])
        model_folder.check_model(folder)
        plain = {"trust_remote_code": False, "local_files_only": True}
        config = AutoConfig.from_pretrained(folder, **plain)
        kind = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
        with torch.device("meta"):
            described = kind.from_config(copy.deepcopy(config), trust_remote_code=False)
        model_folder.check_weights(folder, sum(t.numel() for t in (*described.parameters(), *described.buffers())))
        tokenizer = AutoTokenizer.from_pretrained(folder, **plain)
        model, loaded = kind.from_pretrained(folder, use_safetensors=True, output_loading_info=True, **plain)
        if missing := sorted(loaded["missing_keys"]):
            # transformers would draw them at random and say so in its log.
            raise UserError(f"its weights lack {', '.join(missing[:3])}: get it again.")
        refuse_strange_numbers(model.named_parameters(), folder)
        backend = (Seq2Seq if config.is_encoder_decoder else Causal)(tokenizer, model, device)
        backend.try_out()
    except UserError as error:
        raise UserError(f"The language model '{name}' cannot be loaded: {error}") from None
    except Exception as error:  # transformers, tokenizers and the hub raise many kinds for a damaged file
        raise UserError(
            f"The language model '{name}' cannot be loaded: {_sentence(error)} "
            "Expected the id of a model on the hub, or a folder with its config, tokenizer and safetensors."
        ) from None
    return backend


def is_folder(name: str) -> bool:
    """Whether a spec is the path of a folder."""
    try:
        return Path(name).is_dir()
    except (OSError, ValueError):  # too long a name, or a NUL in it
        return False


def fetched(repository: str, revision: str) -> Path:
    """The folder of a repository of the hub: its configuration, checked, then its data; its code stays there."""
    from huggingface_hub import hf_hub_download, snapshot_download

    config = Path(hf_hub_download(repository, model_folder.CONFIG, revision=revision or None))
    check_config(config)
    snapshot_download(
        repository,
        revision=config.parent.name,
        allow_patterns=["*.json", "*.jinja", "*.safetensors", "*.model", "merges.txt", "vocab.txt"],
        ignore_patterns=["*/*", "consolidated*"],
    )
    return config.parent


def _sentence(error: BaseException) -> str:
    return first_line(error, 300).rstrip(".") + "."


class _Model:
    """A tokenizer and a model on a device."""

    separator = "\n"
    reads_all = True

    def __init__(self, tokenizer, model, device: str = "cpu") -> None:
        self._tokenizer = tokenizer
        self._model = model.to(device).eval()
        self._device = device
        self.grammar = Grammar(self._encode, self.separator)

    def _encode(self, text: str) -> list[int]:
        return self._tokenizer.encode(text, add_special_tokens=False)

    def _tensor(self, tokens: Sequence[int]):
        import torch

        return torch.tensor([list(tokens)], device=self._device)

    def try_out(self) -> None:
        """Score one word, so that a model and a tokenizer which do not fit are told of at once.

        Raises:
            UserError: a score is no finite number; torch raises its own errors where the two do not fit.
        """
        if not all(map(math.isfinite, self.session(self._encode("red")[:8]).scores([]))):
            raise UserError("its scores are no finite numbers.")

    def decode(self, tokens: Sequence[int]) -> str:
        return self._tokenizer.decode(tokens, skip_special_tokens=True)


class Causal(_Model):
    """A decoder-only model, shown in-context examples."""

    def prompt(self, instruction: str) -> str:
        return prompts.with_examples(instruction, self.separator)

    def begin(self, instruction: str) -> "_CausalSession":
        return self.session(self._encode(self.prompt(instruction)))

    def session(self, prompt: list[int]) -> "_CausalSession":
        special = [self._tokenizer.bos_token_id] if getattr(self._tokenizer, "add_bos_token", False) else []
        return _CausalSession(self, special + prompt)


class _CausalSession:
    def __init__(self, model: Causal, prompt: list[int]) -> None:
        self._model, self._prompt, self._cache = model, prompt, None

    def scores(self, tokens: Sequence[int]) -> Sequence[float]:
        import torch

        unread = [*self._prompt, *tokens]
        self._prompt = []
        with torch.inference_mode():
            output = self._model._model(
                input_ids=self._model._tensor(unread), past_key_values=self._cache, use_cache=True, logits_to_keep=1
            )
        self._cache = output.past_key_values
        return output.logits[0, -1].tolist()


class Tuned(Causal):
    """SmolLM2 with an adapter that ``unified-agent train-planner`` made: it needs no examples."""

    reads_all = False

    def prompt(self, instruction: str) -> str:
        return prompts.tuned(instruction)

    @classmethod
    def load(cls, folder: Path, device: str = "cpu") -> "Tuned":
        """The model with the adapter of a folder (adapter_config.json, adapter_model.safetensors) merged in.

        Raises:
            UserError: no adapter is there, or it cannot be read.
        """
        from peft import PeftModel

        warnings.filterwarnings("ignore", "`is_gradient_checkpointing`", FutureWarning)  # between peft and transformers
        tokenizer, model = smollm2.load()
        if not (folder / model_folder.ADAPTER).is_file():
            raise UserError(f"No planner's adapter in {folder}: make one with 'unified-agent train-planner'.")
        try:
            model_folder.check_adapter(folder)
            model = PeftModel.from_pretrained(model, folder, torch_device="cpu").merge_and_unload()
        except Exception as error:  # safetensors and peft raise many kinds for a damaged file
            raise UserError(f"The planner's adapter in {folder} cannot be read ({error}): install it again.") from None
        return cls(tokenizer, model, device)


class Seq2Seq(_Model):
    """An encoder-decoder model such as FLAN-T5, shown in-context examples. Its tokenizers have no line break."""

    separator = " ; "

    def begin(self, instruction: str) -> "_Seq2SeqSession":
        return self.session(self._tokenizer.encode(prompts.with_examples(instruction, self.separator)))

    def session(self, prompt: list[int]) -> "_Seq2SeqSession":
        return _Seq2SeqSession(self, prompt)


class _Seq2SeqSession:
    def __init__(self, model: Seq2Seq, prompt: list[int]) -> None:
        import torch

        self._model, self._cache = model, None
        self._unread = [model._model.config.decoder_start_token_id]
        with torch.inference_mode():
            self._encoded = model._model.get_encoder()(input_ids=model._tensor(prompt))

    def scores(self, tokens: Sequence[int]) -> Sequence[float]:
        import torch

        unread = [*self._unread, *tokens]
        self._unread = []
        with torch.inference_mode():
            output = self._model._model(
                encoder_outputs=self._encoded,
                decoder_input_ids=self._model._tensor(unread),
                past_key_values=self._cache,
                use_cache=True,
            )
        self._cache = output.past_key_values
        return output.logits[0, -1].tolist()
