# SPDX-License-Identifier: Apache-2.0
"""What a language model may write: lines of the vocabulary and ``end``, or one refusal.

It works on token numbers, so that a model's scores can be limited to what may come next.
"""

from collections.abc import Callable, Sequence

from unified_agent.language.plan import MAX_SUBGOALS
from unified_agent.language.refusal import REASONS
from unified_agent.language.subgoals import SENTENCES

END = "end"
_LINE = None  # key of a finished line in the trie


class Grammar:
    """The lines of one tokenizer.

    Args:
        encode: text -> token numbers, without special tokens.
        separator: the text between two lines.
    """

    def __init__(self, encode: Callable[[str], Sequence[int]], separator: str = "\n") -> None:
        self._encode = encode
        self._separator = separator
        refusals = [line for line, _ in REASONS.values()]
        self._first = self._trie([*SENTENCES, *refusals])
        self._later = self._trie([*SENTENCES, END])
        self._last = self._trie([END])

    def tokens(self, lines: Sequence[str]) -> list[int]:
        """The token numbers of whole lines, each with its separator."""
        return [token for line in lines for token in (*self._encode(line), *self._encode(self._separator))]

    def writer(self) -> "Writer":
        return Writer(self)

    def start(self, written: int) -> dict:
        """The trie of the line that follows ``written`` lines."""
        if written == 0:
            return self._first
        return self._last if written >= MAX_SUBGOALS else self._later

    def _trie(self, lines: Sequence[str]) -> dict:
        root: dict = {}
        for line in lines:
            node = root
            for token in self.tokens([line]):
                node = node.setdefault(token, {})
            node[_LINE] = line
        return root


class Writer:
    """One text being written, token by token.

    Attributes:
        lines: the whole lines so far.
        done: the text is finished.
    """

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._node = grammar.start(0)
        self.lines: list[str] = []
        self.done = False

    @property
    def allowed(self) -> list[int]:
        """The tokens that may come next; empty when done."""
        return [] if self.done else list(self._node)

    def write(self, token: int) -> None:
        """Take the next token, which must be an allowed one."""
        self._node = self._node[token]
        if _LINE in self._node:
            line = self._node[_LINE]
            self.lines.append(line)
            self.done = line == END or line.startswith("refused")
            self._node = {} if self.done else self._grammar.start(len(self.lines))
