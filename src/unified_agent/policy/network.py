# SPDX-License-Identifier: Apache-2.0
"""The transformer that acts: a state and a sentence in, a mixture of Gaussians over (x, y) out."""

import math
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor, nn

from unified_agent.documents import shown
from unified_agent.errors import UserError, nearest
from unified_agent.state import State

LOG_STD_RANGE = (-4.0, 1.0)


class UnknownWord(UserError):
    """A sentence with a word that the network never learnt."""


@dataclass(frozen=True)
class NetworkConfig:
    """What is needed to build the network again.

    Attributes:
        words: the words of the sentences it knows, in the order of their embeddings.
        objects: names of the objects, in the order of their tokens; each must be a word.
        centre: (x, y, z) in ``base_link`` that is subtracted from every position, metres.
        scale: length that becomes 1 in the network, metres.
        width, layers, heads: of the transformer.
        components: Gaussians in the mixture besides the one around each object.
        max_words: longest sentence.
    """

    words: tuple[str, ...]
    objects: tuple[str, ...]
    centre: tuple[float, float, float]
    scale: float = 0.15
    width: int = 64
    layers: int = 2
    heads: int = 4
    components: int = 3
    max_words: int = 16

    def to_json(self) -> dict:
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict) -> "NetworkConfig":
        """The description that a card holds.

        Raises:
            UserError: a key is unknown or missing, or a value is of another type or out of range.
        """
        try:
            tuples = {key: tuple(values[key]) for key in ("words", "objects", "centre")}
            config = cls(**{**values, **tuples})
        except (TypeError, KeyError) as error:
            raise UserError(
                f"The network's description has the wrong keys ({error}): train the policy again."
            ) from None
        config._check()
        return config

    def _check(self) -> None:
        for key, most in (("width", 4096), ("layers", 64), ("heads", 64), ("components", 256), ("max_words", 256)):
            value = getattr(self, key)
            if type(value) is not int or not 1 <= value <= most:
                raise UserError(f"The network's '{key}' is a whole number from 1 to {most}, not {shown(value)}.")
        if self.width % self.heads:
            raise UserError(f"The network's 'width' ({self.width}) must be a multiple of its 'heads' ({self.heads}).")
        for key in ("words", "objects"):
            names = getattr(self, key)
            if len(set(map(str, names))) < len(names) or not all(isinstance(name, str) and name for name in names):
                raise UserError(f"The network's '{key}' are different names, not {shown(names)}.")
        for key, numbers, count in (("centre", self.centre, 3), ("scale", (self.scale,), 1)):
            if len(numbers) != count or not all(type(n) in (int, float) and math.isfinite(n) for n in numbers):
                raise UserError(f"The network's '{key}' is {count} finite numbers of metres, not {shown(numbers)}.")
        if self.scale <= 0:
            raise UserError(f"The network's 'scale' must be above 0, not {self.scale}.")


def split_words(sentence: str) -> list[str]:
    """The words of a sentence, lower case, without punctuation."""
    return re.findall(r"[a-z0-9'-]+", sentence.lower())


class PolicyNetwork(nn.Module):
    """Tokens: one that reads out, the tool, the gripper, one an object, one a word of the sentence.

    The mixture has a Gaussian around every object, which its token moves and weighs (most
    actions are meant for an object), and some anywhere in the basket from the token that reads out.

    An object's token carries the embedding of the object's name, the same embedding as
    the word's in the sentence, so that a sentence points at its objects; and where the
    object is seen from the tool, so that the one that is held stands out.
    """

    def __init__(self, config: NetworkConfig):
        super().__init__()
        self.config = config
        self._word_ids = {word: index for index, word in enumerate(config.words)}
        missing = [name for name in config.objects if name not in self._word_ids]
        if missing:
            raise UserError(f"The objects {missing} must be among the words {list(config.words)}.")
        self.register_buffer("object_words", torch.tensor([self._word_ids[name] for name in config.objects]))
        self.register_buffer("centre", torch.tensor(config.centre, dtype=torch.float32))
        width = config.width
        self.word = nn.Embedding(len(config.words) + 1, width, padding_idx=len(config.words))
        self.place_in_sentence = nn.Parameter(torch.randn(config.max_words, width))
        self.read_out = nn.Parameter(torch.randn(1, 1, width))
        self.object_position = nn.Linear(7, width)
        self.tool_position = nn.Linear(3, width)
        self.gripper = nn.Embedding(2, width)
        layer = nn.TransformerEncoderLayer(
            width, config.heads, 4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.transformer = nn.TransformerEncoder(layer, config.layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)
        self.anywhere = nn.Linear(width, config.components * 5)
        self.around_object = nn.Linear(width, 5)

    def tokenize(self, sentences: Sequence[str]) -> Tensor:
        """Word numbers, shape (N, W), padded at the end to the longest sentence of the batch.

        Raises:
            UnknownWord: naming the nearest word that is known.
            UserError: where a sentence is longer than ``max_words``.
        """
        split = [split_words(sentence) for sentence in sentences]
        longest = max(map(len, split))
        if longest > self.config.max_words:
            raise UserError(f"A sentence has {longest} words; the policy reads {self.config.max_words} at most.")
        out = torch.full((len(split), longest), len(self.config.words), dtype=torch.long)
        for row, sentence in enumerate(sentences):
            for column, word in enumerate(split[row]):
                if word not in self._word_ids:
                    known = nearest(word, self.config.words)
                    raise UnknownWord(f"The policy never learnt the word '{word}' of '{sentence}'. {known}")
                out[row, column] = self._word_ids[word]
        return out

    def encode_states(self, states: Sequence[State]) -> tuple[Tensor, Tensor, Tensor]:
        """Positions of the objects (N, O, 3) and the tool (N, 3), metres, and the gripper's state (N,)."""
        expected = set(self.config.objects)
        for state in states:
            if set(state.objects) != expected:
                raise UserError(
                    f"The policy needs the objects {sorted(expected)}, the state has {sorted(state.objects)}."
                )
            if not state.finite:
                raise UserError("The state holds a position that is not finite: it must not be acted on.")
        objects = np.array(
            [[state.objects[name] for name in self.config.objects] for state in states], dtype=np.float32
        )
        tool = np.array([state.tool for state in states], dtype=np.float32)
        holding = torch.tensor([int(state.holding) for state in states])
        return torch.from_numpy(objects), torch.from_numpy(tool), holding

    def forward(self, objects: Tensor, tool: Tensor, holding: Tensor, words: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The mixture over actions.

        Args:
            objects: (N, O, 3) metres in ``base_link``.
            tool: (N, 3) metres in ``base_link``.
            holding: (N,) 0 or 1.
            words: (N, W) from :meth:`tokenize`.

        Returns:
            logits (N, K + O), means (N, K + O, 2) and log standard deviations (N, K + O, 2), the
            last two in units of ``scale`` around ``centre``.
        """
        count = len(objects)
        names = self.word(self.object_words).expand(count, -1, -1)
        from_tool = objects - tool[:, None]
        held = holding[:, None, None].expand(-1, objects.shape[1], 1).to(objects.dtype)
        seen = torch.cat([(objects - self.centre) / self.config.scale, from_tool / self.config.scale, held], dim=-1)
        tokens = torch.cat(
            [
                self.read_out.expand(count, -1, -1),
                self.tool_position((tool - self.centre) / self.config.scale)[:, None],
                self.gripper(holding)[:, None],
                self.object_position(seen) + names,
                self.word(words) + self.place_in_sentence[: words.shape[1]],
            ],
            dim=1,
        )
        padded = words == len(self.config.words)
        others = padded.new_zeros(count, tokens.shape[1] - padded.shape[1])
        hidden = self.transformer(tokens, src_key_padding_mask=torch.cat([others, padded], dim=1))
        hidden = self.norm(hidden)
        first_object = 3
        free = self.anywhere(hidden[:, 0]).reshape(count, self.config.components, 5)
        bound = self.around_object(hidden[:, first_object : first_object + objects.shape[1]])
        mixture = torch.cat([free, bound], dim=1)
        anchors = torch.cat([free.new_zeros(count, self.config.components, 2), seen[..., :2]], dim=1)
        return mixture[..., 0], anchors + mixture[..., 1:3], mixture[..., 3:].clamp(*LOG_STD_RANGE)

    def loss(self, objects: Tensor, tool: Tensor, holding: Tensor, words: Tensor, actions: Tensor) -> Tensor:
        """Mean negative log likelihood of the actions (N, 2), metres in ``base_link`` (Bishop 1994, eq. 23)."""
        logits, means, log_stds = self(objects, tool, holding, words)
        targets = ((actions - self.centre[:2]) / self.config.scale)[:, None]
        exponent = -0.5 * ((targets - means) / log_stds.exp()).square() - log_stds - 0.5 * math.log(2 * math.pi)
        return -torch.logsumexp(logits.log_softmax(-1) + exponent.sum(-1), dim=-1).mean()

    @torch.inference_mode()
    def sample(
        self, states: Sequence[State], sentences: Sequence[str], rngs: Sequence[np.random.Generator], temperature: float
    ) -> np.ndarray:
        """Actions (N, 2), metres in ``base_link``, each drawn with a generator of its own.

        One state after another: in a batch, the last bits of an action would depend on the others. Temperature 0
        takes the likeliest component's mean.
        """
        actions = [
            self._draw(state, sentence, rng, temperature)
            for state, sentence, rng in zip(states, sentences, rngs, strict=True)
        ]
        return np.array(actions).reshape(-1, 2)

    def _draw(self, state: State, sentence: str, rng: np.random.Generator, temperature: float) -> np.ndarray:
        inputs = (*self.encode_states([state]), self.tokenize([sentence]))
        outputs = self(*(t.to(self.centre.device) for t in inputs))
        logits, means, log_stds = (t[0].cpu().numpy() for t in outputs)
        noise = np.zeros(2)
        if temperature > 0:
            logits = logits / temperature + rng.gumbel(size=logits.shape)
            noise = rng.standard_normal(2) * temperature
        chosen = np.argmax(logits)
        action = means[chosen] + noise * np.exp(log_stds[chosen])
        return action * self.config.scale + self.centre[:2].cpu().numpy()
