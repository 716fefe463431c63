# SPDX-License-Identifier: Apache-2.0
import json
from dataclasses import replace

import numpy as np
import pytest

from unified_agent.errors import UserError
from unified_agent.sim import starts
from unified_agent.training.reward import learning
from unified_agent.training.reward.environments import EnvironmentFault, EnvSettings
from unified_agent.training.reward.learning import CARD, CURVE, FILM, KIND, LOGS, POLICY, STATE, RewardRun
from unified_agent.training.reward.off_policy import OffPolicySettings, kept_policy
from unified_agent.training.reward.settings import RewardLearning
from unified_agent.training.runs import claim, kept_state
from unified_agent.vision.clip import Clip
from unified_agent.vision.reward import Goal, RewardModel

ALGORITHM = OffPolicySettings(batch=16, width=16, updates=0.25)
SETTINGS = RewardLearning(
    EnvSettings("odd_environments:Odd/Short-v0"),
    ALGORITHM,
    steps=120,
    warm_up=40,
    envs=2,
    evaluate_every=50,
    evaluations=2,
    last_evaluations=2,
)
VECTORS = replace(SETTINGS, surroundings=EnvSettings("odd_environments:Odd/Vectors-v0"))


class Killed(RewardModel):
    """A reward model that ends the run at the nth look."""

    def __init__(self, clip: Clip, goal: Goal, looks: int, error: type[BaseException] = MemoryError) -> None:
        super().__init__(clip, goal)
        self.left, self.error = looks, error

    def look(self, moments):
        self.left -= 1
        if self.left < 0:
            raise self.error
        return super().look(moments)


@pytest.fixture
def model(tiny_folder):
    return RewardModel(Clip.load(str(tiny_folder), "cpu"), Goal(("the column is at the right",)))


def run(settings, model, path) -> tuple[RewardRun, dict]:
    with claim(path, KIND, {}) as own:
        made = RewardRun(settings, model, own)
        return made, made.learn()


@pytest.mark.parametrize(
    ("settings", "looks"), [(SETTINGS, 2), (SETTINGS, 13), (VECTORS, 5)], ids=["warm-up", "choices", "vectors"]
)
def test_a_run_that_was_killed_ends_as_one_that_was_not(settings, looks, model, tmp_path, monkeypatch):
    monkeypatch.setattr(learning, "_KEEP_EVERY", 0.0)
    whole, card = run(settings, model, tmp_path / "whole")
    with pytest.raises(MemoryError):
        run(settings, Killed(model.clip, model.goals[0], looks), tmp_path / "cut")
    again, other = run(settings, model, tmp_path / "cut")
    assert again.rounds == whole.rounds and other["measured"] == card["measured"]
    assert (tmp_path / "cut" / POLICY).read_bytes() == (tmp_path / "whole" / POLICY).read_bytes()


def test_a_stopped_run_keeps_its_last_round(model, tmp_path):
    begun = Killed(model.clip, model.goals[0], 13, KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        run(SETTINGS, begun, tmp_path / "run")
    with claim(tmp_path / "run", KIND, {}) as own:
        assert len(kept_state(own, STATE, ("rounds",))["rounds"]) == 6


def test_a_transition_is_learnt_with_the_reward_of_its_picture_and_never_as_a_last_one(model, tmp_path):
    made, card = run(SETTINGS, model, tmp_path / "run")
    buffer, scale = made._learner._model.replay_buffer, made._learner.scale
    lessons = list(made._memory.lessons())
    assert buffer.pos == sum(len(lesson.rewards) for lesson in lessons) == card["decisions"]
    assert not buffer.dones[: buffer.pos].any()
    rewards = np.concatenate([lesson.rewards for lesson in lessons])
    assert np.allclose(buffer.rewards[: buffer.pos, 0], scale.rewarded(rewards), atol=1e-5)
    assert rewards.std() > 0


def test_a_finished_run_shows_itself(model, tmp_path):
    folder = tmp_path / "run"
    _, card = run(replace(SETTINGS, checkpoint_every=100), model, folder)
    for name in (POLICY, FILM, CURVE):
        assert (folder / name).stat().st_size > 500
    assert list((folder / LOGS).iterdir())
    assert sorted(path.name for path in (folder / "checkpoints").glob("*/*")) == ["film.mp4", "policy.safetensors"]
    assert json.loads((folder / CARD).read_text())["measured"] == card["measured"]
    assert card["measured"][-1]["success"] in (0.0, 0.5, 1.0)


def test_a_kept_policy_acts_as_the_one_that_was_learnt(model, tmp_path):
    made, card = run(SETTINGS, model, tmp_path / "run")
    act = kept_policy(card, made._facts, ALGORITHM, tmp_path / "run" / POLICY)
    seen = np.linspace(-1.0, 1.0, 50, dtype=np.float32)[:, None]
    assert np.array_equal(act(seen), made._learner.act(seen))
    with pytest.raises(UserError, match="no policy of this run"):
        kept_policy(card, made._facts, replace(ALGORITHM, width=8), tmp_path / "run" / POLICY)


def test_what_is_measured_begins_where_nothing_was_learnt():
    learnt = learning._seeds(0, 0, 5_000)
    assert len(set(learnt)) > 4_990 and min(learnt) >= 0 and max(learnt) < starts.MEASURING


def test_controls_need_no_look_after_the_warm_up(model, tmp_path):
    shuffled = replace(SETTINGS, reward="shuffled")
    made, _ = run(shuffled, Killed(model.clip, model.goals[0], 12), tmp_path / "shuffled")
    drawn = np.concatenate([lesson.rewards for lesson in made._memory.lessons()])
    assert set(drawn[made._warm :]) <= set(drawn[: made._warm])
    constant, _ = run(replace(SETTINGS, reward="constant"), None, tmp_path / "constant")
    assert {row["reward"] for row in constant.rounds} == {1.0}


@pytest.mark.parametrize(
    ("name", "reward", "said"),
    [("Black", "sentence", "never changes"), ("NoReward", "true", "no finite number"), ("Blind", "true", "NaN")],
)
def test_what_cannot_be_learnt_from_is_said(name, reward, said, model, tmp_path):
    settings = replace(SETTINGS, surroundings=EnvSettings(f"odd_environments:Odd/{name}-v0"), reward=reward)
    with pytest.raises(EnvironmentFault, match=said):
        run(settings, model, tmp_path / "run")
