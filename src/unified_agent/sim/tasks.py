# SPDX-License-Identifier: Apache-2.0
"""The tasks: an instruction, a correct plan for it, where it starts, and when it is done."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np

from unified_agent.errors import UserError, nearest
from unified_agent.language.subgoals import OBJECTS, Relation, SubGoal
from unified_agent.sim.world import World


class UnknownTask(UserError):
    """A task or a group of tasks that does not exist."""


@dataclass(frozen=True)
class Task:
    """Something to do in the world.

    Attributes:
        name: e.g. "stack_red_on_blue".
        instruction: as a person would say it.
        plan: sub-goals, in an order that does it from every start of the task.
        goals: the sub-goals that must hold together at the end.
        lifted: the object that starts on top of another one, drawn at random; None: all start on the table.
        stacks: what it starts with, each from the bottom to the top; what is not named lies on the table.
        held: what the arm picks up before it starts; None: nothing.
    """

    name: str
    instruction: str
    plan: tuple[SubGoal, ...]
    goals: tuple[SubGoal, ...]
    lifted: str | None = None
    stacks: tuple[tuple[str, ...], ...] = ()
    held: str | None = None

    def success(self, world: World) -> bool:
        """Whether the task is done, by MuJoCo's true poses."""
        return all(world.holds(goal) is True for goal in self.goals)

    def layout(self, rng: np.random.Generator, objects: Sequence[str]) -> list[tuple[str, ...]]:
        """The stacks, bottom to top, the task starts with (for ``World.reset``)."""
        if self.lifted is None:
            stacked = {name for stack in self.stacks for name in stack}
            return [*self.stacks, *((name,) for name in objects if name not in stacked)]
        others = [name for name in objects if name != self.lifted]
        base = others.pop(rng.integers(len(others)))
        return [(base, self.lifted), *((name,) for name in others)]


def get(name: str) -> Task:
    """The task of that name.

    Raises:
        UnknownTask: naming the nearest one.
    """
    if name not in _TASKS:
        raise UnknownTask(f"There is no task '{name}'. {nearest(name, _TASKS)}")
    return _TASKS[name]


def group(name: str) -> tuple[Task, ...]:
    """The tasks of a group ("grasp", "stack", "triple_stack", "place_on_table"), or the one of that name.

    Raises:
        UnknownTask: naming the nearest one.
    """
    if name in _TASKS:
        return (_TASKS[name],)
    if name not in _GROUPS:
        raise UnknownTask(f"There is no task or group '{name}'. {nearest(name, [*_GROUPS, *_TASKS])}")
    return _GROUPS[name]


def names() -> tuple[str, ...]:
    """All tasks of the groups."""
    return tuple(task.name for tasks in _GROUPS.values() for task in tasks)


def lasting(plan: Sequence[SubGoal]) -> tuple[SubGoal, ...]:
    """What must hold together at the end of a plan: the last place of each object that it moves."""
    last = {goal.subject: goal for goal in plan}
    return tuple(last.values())


def _grasping(name: str) -> SubGoal:
    return SubGoal(Relation.GRASPING, name)


def _on(name: str, support: str) -> SubGoal:
    return SubGoal(Relation.ON_TOP_OF, name, support)


def _grasp(name: str) -> Task:
    goal = _grasping(name)
    return Task(f"grasp_{name}", f"grasp the {name} object", (goal,), (goal,))


def _stack(top: str, bottom: str) -> Task:
    goal = _on(top, bottom)
    return Task(
        f"stack_{top}_on_{bottom}",
        f"stack the {top} object on top of the {bottom} object",
        (_grasping(top), goal),
        (goal,),
    )


def _triple(top: str, middle: str, bottom: str) -> Task:
    low, high = _on(middle, bottom), _on(top, middle)
    return Task(
        f"triple_stack_{top}_{middle}_{bottom}",
        f"stack the {middle} object on the {bottom} object and the {top} object on the {middle} object",
        (_grasping(middle), low, _grasping(top), high),
        (low, high),
    )


def _place(name: str) -> Task:
    goal = SubGoal(Relation.ON_TABLE, name)
    return Task(
        f"place_{name}_on_table",
        f"put the {name} object on the table",
        (_grasping(name), goal),
        (goal,),
        lifted=name,
    )


_GROUPS: dict[str, tuple[Task, ...]] = {
    "grasp": tuple(map(_grasp, OBJECTS)),
    "stack": tuple(_stack(*pair) for pair in permutations(OBJECTS, 2)),
    "triple_stack": tuple(_triple(*order) for order in permutations(OBJECTS, 3)),
    "place_on_table": tuple(map(_place, OBJECTS)),
}
_BEGUN = replace(_stack("red", "blue"), name="stack_red_on_blue_from_hand", held="red")
_BURIED = Task(
    "uncover_and_stack_red_on_blue",
    "take the green object off and stack the red object on top of the blue object",
    (_grasping("green"), SubGoal(Relation.ON_TABLE, "green"), _grasping("red"), _on("red", "blue")),
    (_on("red", "blue"),),
    stacks=(("blue", "green"),),
)
# The last two lie between the groups in sparseness: half done at the start, or with something in the way.
_TASKS: dict[str, Task] = {task.name: task for tasks in (*_GROUPS.values(), (_BEGUN, _BURIED)) for task in tasks}
