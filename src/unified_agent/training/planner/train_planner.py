# SPDX-License-Identifier: Apache-2.0
"""Fine-tune SmolLM2 to write plans: LoRA (Hu et al. 2021) on the generator's endless stream of examples.

The loss is the cross-entropy of the grammar's choices: at each place where the grammar allows more than one
token, the right one against the others that are allowed. Tokens that the grammar forces cost nothing, so the
output layer is computed for a few dozen words at a few places instead of 49,152 words everywhere.
"""

import json
import math
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as encoded
from tqdm import tqdm

from unified_agent.documents import BadDocument, json_of, read_text
from unified_agent.errors import SEEDS, UserError, first_line, in_range
from unified_agent.folders import OwnFolder
from unified_agent.language import prompts, smollm2
from unified_agent.language.grammar import END, Grammar
from unified_agent.language.plan import Plan
from unified_agent.language.refusal import REASONS
from unified_agent.model_files import weights_in
from unified_agent.training.planner.evaluate_planner import Answers
from unified_agent.training.planner.wordings import Example, example
from unified_agent.training.runs import broken, claim, keep_state, kept_state, weights_identity

KIND = "planner training"
ADAPTER, CONFIG, CARD = "adapter_model.safetensors", "adapter_config.json", "card.json"
PROGRESS = "progress.pt"
PARTS = 3


@dataclass(frozen=True)
class PlannerSettings:
    """How the adapter is trained.

    Attributes:
        examples: how many generated examples are seen, each once.
        batch: examples a step, in ``PARTS`` parts of different lengths.
        rate: peak learning rate (AdamW; linear warm-up over ``warmup`` steps, then a cosine to a tenth).
        rank: rank r of every LoRA matrix pair; scaled by 2 (alpha = 2 r).
        first_layer: the lowest of the 30 layers that is adapted; those below run without gradients.
        seed: of the examples, the initial adapter and the order of batches.
    """

    examples: int = 40_000
    batch: int = 36
    rate: float = 4e-4
    warmup: int = 40
    rank: int = 16
    first_layer: int = 10
    seed: int = 0

    def __post_init__(self) -> None:
        in_range("batch", self.batch, PARTS, 10_000)
        in_range("examples", self.examples, self.batch, 10**9)
        in_range("rate", self.rate, 0.0, 1.0)
        in_range("warmup", self.warmup, 0, 10**9)
        in_range("rank", self.rank, 1, 4_096)
        in_range("first_layer", self.first_layer, 0, 1_000)
        in_range("seed", self.seed, 0, SEEDS)


@dataclass(frozen=True)
class Encoded:
    """An example as tokens, cut after the last choice.

    Attributes:
        tokens: the prompt, then what was chosen (``Tuned`` reads no token that the grammar forces).
        choices: (index of the token before the choice, the right token, all allowed tokens), each.
    """

    tokens: list[int]
    choices: list[tuple[int, int, list[int]]]


def encode(item: Example, tokenizer, grammar: Grammar) -> Encoded:
    """The example in tokens, with the places where the grammar leaves a choice."""
    lines = [REASONS[item.reason][0]] if item.reason else [*str(Plan.of_moves(item.moves)).splitlines(), END]
    tokens = tokenizer.encode(prompts.tuned(item.instruction), add_special_tokens=False)
    writer, choices = grammar.writer(), []
    for token in grammar.tokens(lines):
        if len(writer.allowed) > 1:
            choices.append((len(tokens) - 1, token, writer.allowed))
            tokens.append(token)
        writer.write(token)
    return Encoded(tokens[: choices[-1][0] + 1], choices)


def steps_of(settings: PlannerSettings, tokenizer, grammar: Grammar) -> Iterator[list[list[Encoded]]]:
    """For every step, ``PARTS`` small batches of similar length each: one short, one middling, one long.

    Length and meaning go together (most refusals are short, most towers long), so a step of one length alone
    would pull the model towards refusing, or away from it.
    """
    rng = random.Random(settings.seed)
    part = settings.batch // PARTS
    while True:
        drawn = [encode(example(rng), tokenizer, grammar) for _ in range(32 * PARTS * part)]
        drawn.sort(key=lambda item: len(item.tokens))
        dealt = [drawn[start : start + part] for start in range(0, len(drawn), part)]
        lengths = [dealt[start : start + 32] for start in range(0, len(dealt), 32)]
        for some in lengths:
            rng.shuffle(some)
        yield from map(list, zip(*lengths, strict=True))


def choice_scores(model, batch: list[Encoded]) -> tuple[torch.Tensor, torch.Tensor, list[int]]:
    """Scores of the allowed tokens at every choice of a batch.

    Returns:
        log-probabilities among the allowed tokens, shape (choices, words); the column of the right word, shape
        (choices,); and for every choice the index of its example.
    """
    words = sorted({token for item in batch for _, _, allowed in item.choices for token in allowed})
    column = {word: index for index, word in enumerate(words)}
    length = max(len(item.tokens) for item in batch)
    tokens = torch.zeros(len(batch), length, dtype=torch.long)
    rows, places, right, owner = [], [], [], []
    mask = torch.full((sum(len(item.choices) for item in batch), len(words)), -math.inf)
    for row, item in enumerate(batch):
        tokens[row, : len(item.tokens)] = torch.tensor(item.tokens)
        for place, word, allowed in item.choices:
            mask[len(rows), [column[w] for w in allowed]] = 0.0
            rows.append(row), places.append(place), right.append(column[word]), owner.append(row)
    # Padding follows the text, and attention looks only backwards: no mask is needed.
    with torch.autocast("cpu", dtype=torch.bfloat16):
        hidden = model.model(input_ids=tokens, use_cache=False).last_hidden_state
    scores = hidden[rows, places].float() @ model.lm_head.weight[words].float().T + mask
    return scores.log_softmax(-1), torch.tensor(right), owner


def backward(model, parts: list[list[Encoded]]) -> float:
    """Add the gradient of the mean loss of all choices of a step; that loss."""
    count, total = sum(len(item.choices) for part in parts for item in part), 0.0
    for part in parts:
        scores, right, _ = choice_scores(model, part)
        loss = torch.nn.functional.nll_loss(scores, right, reduction="sum") / count
        loss.backward()
        total += loss.item()
    return total


def exact(model, items: list[Encoded], batch: int = 32) -> tuple[list[bool], list[bool]]:
    """For each item: whether greedy writing gives exactly its text, and whether its first choice is right.

    Writing greedily is right throughout exactly when every choice is right given the right ones before it.
    """
    whole, first = [True] * len(items), [True] * len(items)
    order = sorted(range(len(items)), key=lambda index: len(items[index].tokens))
    model.eval()
    with torch.no_grad():
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            scores, right, owner = choice_scores(model, [items[index] for index in chosen])
            seen = set()
            for hit, row in zip((scores.argmax(-1) == right).tolist(), owner, strict=True):
                index = chosen[row]
                whole[index] &= hit
                if row not in seen:
                    first[index] = hit
                    seen.add(row)
    model.train()
    return whole, first


def train(
    settings: PlannerSettings,
    folder: Path,
    report: Callable[[str], None] = tqdm.write,
    resume: bool = True,
    start_from: Path | None = None,
    evaluate: Callable[[object, object, Grammar], dict] | None = None,
    every: int = 100,
) -> dict:
    """Train an adapter into ``folder``: peft's two files, card.json, and progress.pt to resume from.

    Args:
        settings: how.
        folder: where they go; training goes on from the progress found there.
        report: called with one line of progress every ``every`` steps.
        resume: False begins anew, also with other settings.
        start_from: the folder of an adapter to begin with instead of a fresh one.
        evaluate: (model, tokenizer, grammar) -> figures, called with every report.

    Returns:
        the card: settings, examples seen, seconds, last loss and the last figures.

    Raises:
        UserError: the folder holds a training of other settings (more examples are another schedule, and so another
            training), is being written to, or cannot be written; or the adapter to start from is none.
    """
    first = _adapter(start_from) if start_from else None
    torch.manual_seed(settings.seed)
    tokenizer, base = smollm2.load()
    made_with = {
        **asdict(settings),
        "model": f"{smollm2.NAME} {weights_identity(base.state_dict())}",
        "start_from": first and weights_identity(first),
    }
    changes = () if resume else (*made_with, "version")
    with claim(folder, KIND, made_with, changes, sources=[start_from] if start_from else []) as own:
        if not resume and own.owns(PROGRESS):
            own.remove(PROGRESS)
        return _train(settings, own, report, first, tokenizer, base, evaluate, every)


def _train(settings, own: OwnFolder, report, first, tokenizer, base, evaluate, every: int) -> dict:
    grammar = Grammar(lambda text: tokenizer.encode(text, add_special_tokens=False))
    lora = LoraConfig(
        r=settings.rank,
        lora_alpha=2 * settings.rank,
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
        layers_to_transform=list(range(settings.first_layer, base.config.num_hidden_layers)),
    )
    adapted = get_peft_model(base, lora)
    model = adapted.get_base_model()
    for parameter in model.model.layers.parameters():
        if not parameter.requires_grad and parameter.ndim == 2:
            parameter.data = parameter.data.bfloat16()
    if first is not None:
        _begin_with(adapted, first)
    parameters = [p for p in adapted.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=settings.rate, weight_decay=0.0)
    steps = settings.examples // settings.batch
    done, seconds, card = 0, 0.0, {}
    if state := kept_state(own, PROGRESS, ("adapter", "optimizer", "step", "seconds", "card")):
        try:
            set_peft_model_state_dict(adapted, state["adapter"])
            optimizer.load_state_dict(state["optimizer"])
            done, seconds, card = int(state["step"]), float(state["seconds"]), json.loads(state["card"])
        except (RuntimeError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise broken(own.path / PROGRESS, error) from None
        report(f"resumed at step {done} of {steps}")
    stream = steps_of(settings, tokenizer, grammar)
    for _ in range(done):
        next(stream)
    begun, recent = time.monotonic() - seconds, []
    model.train()
    for step in tqdm(range(done, steps), initial=done, total=steps, unit="step", desc="train", mininterval=2):
        for group in optimizer.param_groups:
            group["lr"] = settings.rate * _schedule(step, steps, settings.warmup)
        optimizer.zero_grad(set_to_none=True)
        recent.append(backward(model, next(stream)))
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        if (step + 1) % every == 0 or step + 1 == steps:
            seconds = time.monotonic() - begun
            figures = evaluate(model, tokenizer, grammar) if evaluate else {}
            card = {
                "settings": asdict(settings),
                "made_with": own.settings,
                "examples": (step + 1) * settings.batch,
                "seconds": round(seconds),
                "loss": sum(recent) / len(recent),
                **figures,
            }
            measured = "  ".join(f"{name} {share:.1%}" for name, share in figures.items())
            report(f"step {step + 1}/{steps}  loss {card['loss']:.4f}  {measured}  {seconds / 60:.1f} min")
            recent = []
            save(adapted, card, own)
            state = {"adapter": adapter_weights(adapted), "optimizer": optimizer.state_dict()}
            keep_state(own, PROGRESS, {**state, "step": step + 1, "seconds": seconds, "card": json.dumps(card)})
    return card


def adapter_weights(adapted) -> dict[str, torch.Tensor]:
    """The adapter's matrices by peft's names. Telling peft that no embeddings changed keeps it off the network."""
    return {name: w.detach() for name, w in get_peft_model_state_dict(adapted, save_embedding_layers=False).items()}


def save(adapted, card: dict, own: OwnFolder) -> None:
    """Write the adapter (16-bit) in peft's own format, and its card."""
    weights = {name: weight.half().contiguous() for name, weight in adapter_weights(adapted).items()}
    own.write(ADAPTER, encoded(weights, metadata={"format": "pt"}))
    config = adapted.peft_config["default"]
    config.base_model_name_or_path = smollm2.NAME
    with tempfile.TemporaryDirectory(prefix="unified_agent_") as name:
        config.save_pretrained(name)
        own.write(CONFIG, (Path(name) / CONFIG).read_bytes())
    own.write(CARD, json.dumps(card, indent=1) + "\n")


def average(folders: Sequence[Path], out: Path) -> dict:
    """Write the mean of adapters into ``out``: stochastic weight averaging (Izmailov et al. 2018) of checkpoints.

    Returns:
        the card, which lists the cards of the averaged adapters.

    Raises:
        UserError: a folder holds no adapter, or one of another shape; or ``out`` holds something else.
    """
    weights = [_adapter(folder, "averaged") for folder in folders]
    try:
        texts = [read_text(folder / CONFIG) for folder in folders]
        cards = [json_of(read_text(folder / CARD), str(folder / CARD)) for folder in folders]
        mean = {name: sum(w[name].float() for w in weights) / len(weights) for name in weights[0]}
    except (BadDocument, KeyError, RuntimeError) as error:
        raise UserError(
            f"These adapters cannot be averaged ({error}): expected folders that train-planner wrote."
        ) from None
    made_with = {"mean_of": [weights_identity(one) for one in weights]}
    with claim(out, "mean of adapters", made_with, sources=folders) as own:
        own.write(
            ADAPTER, encoded({name: w.half().contiguous() for name, w in mean.items()}, metadata={"format": "pt"})
        )
        own.write(CONFIG, texts[0])
        card = {"mean_of": cards}
        own.write(CARD, json.dumps(card, indent=1) + "\n")
    return card


def _adapter(folder: Path, purpose: str = "used") -> dict[str, torch.Tensor]:
    """The weights of an adapter on disk."""
    try:
        weights_in(folder / ADAPTER)
        return load_file(folder / ADAPTER)
    except (UserError, OSError, SafetensorError, ValueError, RuntimeError) as error:
        raise UserError(
            f"The adapter in {folder} cannot be {purpose} ({error}): expected a folder that train-planner wrote."
        ) from None


def _begin_with(adapted, weights: dict[str, torch.Tensor]) -> None:
    try:
        told = set_peft_model_state_dict(adapted, weights)
    except (RuntimeError, KeyError) as error:
        raise UserError(f"The adapter to start from does not fit these settings: {first_line(error)}") from None
    if told is not None and told.unexpected_keys:
        raise UserError(f"The adapter to start from adapts other layers: {sorted(told.unexpected_keys)[0]}.")


def exact_shares(path: Path) -> Callable[[object, object, Grammar], dict]:
    """A measure for ``train``: shares of exact plans and of refusals on the instructions of a file."""
    answers = Answers.read(path)

    def measure(model, tokenizer, grammar: Grammar) -> dict:
        plans = [encode(Example(said, moves=meant), tokenizer, grammar) for said, meant in answers.plans]
        refusals = [encode(Example(said, reason="chat"), tokenizer, grammar) for said in answers.refusals]
        whole, _ = exact(model, plans)
        _, refused = exact(model, refusals)
        return {"plans": sum(whole) / max(1, len(whole)), "refusals": sum(refused) / max(1, len(refused))}

    return measure


def _schedule(step: int, steps: int, warmup: int) -> float:
    if step < warmup:
        return (step + 1) / warmup
    return 0.1 + 0.45 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))
