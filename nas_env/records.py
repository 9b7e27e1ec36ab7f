"""Requests and evaluations: plain frozen records that go to JSON and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Literal

Status = Literal["ok", "diverged", "too_large", "failed", "out_of_memory", "timed_out", "died"]
#: Statuses that are facts of the architecture: once kept, they answer for ever. ``too_large`` is
#: never kept, since it depends on the limits of who asks. The others belong to the moment: they
#: answer within their run, and another run tries again.
FACTS = frozenset({"ok", "diverged"})


@dataclass(frozen=True)
class Request:
    """All that decides an evaluation; only plain JSON values.

    Attributes:
        task: Name, version and settings of the task, without its limits.
        space: Name and construction settings of the search space.
        architecture: In canonical form.
        recipe: With nothing left to decide.
        seed: The evaluation seed.
        device: The type of device, ``"cpu"`` or ``"cuda"``.
        limits: What the child may have at most, ``max_parameters`` and ``max_flops``. They decide
            whether it is trained, not what comes of it, so they are not part of the key.
    """

    task: Mapping[str, Any]
    space: Mapping[str, Any]
    architecture: Mapping[str, Any]
    recipe: Mapping[str, Any]
    seed: int
    device: str
    limits: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def key(self) -> str:
        """The name of the evaluation: requests that differ in their limits alone share it."""
        asked = asdict(self)
        del asked["limits"]
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()

    @cached_property
    def child_seed(self) -> int:
        """The seed of the child's weights and batches: of evaluation seed and architecture."""
        text = f"{self.seed} {json.dumps(self.architecture, sort_keys=True)}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")

    def to_json(self) -> str:
        """One line, keys sorted."""
        return json.dumps(asdict(self), sort_keys=True)


@dataclass(frozen=True)
class Evaluation:
    """The typed outcome of training one child.

    Attributes:
        status: ``"ok"``, or how it failed.
        reward: What the agent gets; the task's failure reward where it failed.
        metric: The validation metric that the reward is made of; None where it failed.
        curves: A number an epoch, by name.
        parameters: Trainable numbers of the child; None where it could not be built.
        flops: Of one forward pass over one example, a multiply-add counting as two.
        error: Why it failed, one line; empty where it did not.
        seconds: Spent in each part. They differ from run to run, so that they stay in the store.
    """

    status: Status
    reward: float
    metric: float | None = None
    curves: Mapping[str, list[float]] = field(default_factory=dict)
    parameters: int | None = None
    flops: int | None = None
    error: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_fact(self) -> bool:
        """Whether it answers for ever, and not only within its run."""
        return self.status in FACTS

    def public(self) -> dict[str, Any]:
        """The evaluation without its timings, as ``info["evaluation"]`` has it; a fresh copy.

        What a failed child has not got is left out, so that a vector of infos has one type a key.
        """
        record = asdict(self)
        del record["seconds"]
        return {name: value for name, value in record.items() if value is not None}

    def to_json(self) -> str:
        """One line, keys sorted."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Evaluation:
        """The evaluation of :meth:`to_json`."""
        return cls(**json.loads(text))
