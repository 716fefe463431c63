# SPDX-License-Identifier: Apache-2.0
"""Tiny random language models with a tokenizer of their own, saved as the transformers library saves any model."""

import pytest

from unified_agent.language import prompts
from unified_agent.language.subgoals import VOCABULARY


@pytest.fixture(scope="session")
def tokenizer():
    from tokenizers import ByteLevelBPETokenizer
    from transformers import PreTrainedTokenizerFast

    learner = ByteLevelBPETokenizer()
    texts = [goal.sentence for goal in VOCABULARY] + [prompts.with_examples("stack all three", "\n")]
    learner.train_from_iterator(texts, vocab_size=400, special_tokens=["<pad>", "</s>"])
    return PreTrainedTokenizerFast(tokenizer_object=learner._tokenizer, pad_token="<pad>", eos_token="</s>")


@pytest.fixture(scope="session")
def causal(tokenizer):
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            tie_word_embeddings=True,
        )
    ).eval()


@pytest.fixture(scope="session")
def causal_folder(tokenizer, causal, tmp_path_factory):
    folder = tmp_path_factory.mktemp("causal")
    tokenizer.save_pretrained(folder)
    causal.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def t5_folder(tokenizer, tmp_path_factory):
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("t5")
    tokenizer.save_pretrained(folder)
    config = T5Config(
        vocab_size=len(tokenizer), d_model=32, d_kv=16, d_ff=64, num_layers=2, num_heads=2, decoder_start_token_id=0
    )
    T5ForConditionalGeneration(config).save_pretrained(folder)
    return folder
