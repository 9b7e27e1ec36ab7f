"""Requests and evaluations: plain frozen records that go to JSON and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Literal

Status = Literal["ok", "diverged", "too_large", "failed", "out_of_memory", "timed_out", "died"]
#: Statuses that are facts of the architecture: once stored, they answer for ever. ``too_large`` is
#: never stored, since it depends on the limits of the request. The others are failures of the
#: moment: they answer within their run, and another run tries again.
FACTS = frozenset({"ok", "diverged"})

#: What differs from run to run; it stays in the store.
APART = ("seconds", "pieces", "cpu_seconds", "attempts", "output")

#: The data of a request. ``"search"``: trained on the training split, validated after each epoch.
#: ``"final"``: trained on training and validation split, tested once, after the last epoch.
Split = Literal["search", "final"]


@dataclass(frozen=True)
class Request:
    """Everything that decides an evaluation, as plain JSON values.

    Attributes:
        task: Name, version and settings of the task, without its limits and its source.
        space: Name and construction settings of the search space.
        architecture: Architecture in canonical form.
        recipe: Complete settings of the recipe.
        seed: Evaluation seed.
        device: Type of device, ``"cpu"`` or ``"cuda"``.
        limits: Limits of the child, ``max_parameters`` and ``max_flops``. They decide whether it is
            trained, but not its result, so they are not part of the key.
        source: Settings of the task that say where its data lies and how it is read. The content
            of the data decides the result, so they are not part of the key either.
        split: ``"search"``, or ``"final"`` for the final training.
        keep: File in which the trained weights are to be left, in the format of safetensors; None
            for none. It is no part of the key.
        start: SHA-256 of the file of trained weights from which the training starts, as far as they
            fit; None where all weights are as they are built.
        start_file: That file, in the format of safetensors; it is no part of the key.
    """

    task: Mapping[str, Any]
    space: Mapping[str, Any]
    architecture: Mapping[str, Any]
    recipe: Mapping[str, Any]
    seed: int
    device: str
    limits: Mapping[str, int] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)
    split: Split = "search"
    keep: str | None = None
    start: str | None = None
    start_file: str | None = None

    @property
    def task_spec(self) -> dict[str, Any]:
        """The task with its source: what its data can be read by."""
        return {**self.task, **self.source}

    @cached_property
    def key(self) -> str:
        """The name of the evaluation: limits, source and the file of the weights do not matter.

        The split is part of it where it is ``"final"`` alone, and the start where there is one, so
        that a store from before there were any answers still.
        """
        asked = asdict(self)
        del asked["limits"], asked["source"], asked["keep"], asked["start_file"]
        if self.split == "search":
            del asked["split"]
        if self.start is None:
            del asked["start"]
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()

    @cached_property
    def child_seed(self) -> int:
        """The seed of the child's weights and batches, from evaluation seed and architecture."""
        text = f"{self.seed} {json.dumps(self.architecture, sort_keys=True)}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")

    def to_json(self) -> str:
        """One line, keys sorted."""
        return json.dumps(asdict(self), sort_keys=True)


@dataclass(frozen=True)
class Evaluation:
    """The figures that were measured of one child.

    An :class:`~nas_env.objectives.Objective` makes the reward of them.

    Attributes:
        status: ``"ok"``, or the sort of failure.
        metrics: Metrics by name; none if the child failed.
        curves: Curves by name, one number for each epoch.
        parameters: Number of trainable parameters; None if the child could not be built.
        flops: FLOPs of one forward pass over one example; a multiply-add counts as two.
        error: Reason of a failure, in one line; empty if there is none.
        seconds: Seconds of each part. They differ from run to run, so they stay in the store.
        pieces: Parts in which each batch was trained, because it did not fit the memory whole. They
            depend on the machine, so they stay in the store too.
        cpu_seconds: Seconds of all cores that training and validation took, which stay there too.
        attempts: What became of each attempt on a cluster, in order: its node, status, seconds and
            error. They stay in the store too; none where a child is not tried on other machines.
        output: The end of what the child wrote before its process died, or the traceback of its
            exception, which stays in the store too; empty where nothing went wrong.
    """

    status: Status
    metrics: Mapping[str, float] = field(default_factory=dict)
    curves: Mapping[str, list[float]] = field(default_factory=dict)
    parameters: int | None = None
    flops: int | None = None
    error: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)
    pieces: int = 1
    cpu_seconds: float = 0.0
    attempts: list[Mapping[str, Any]] = field(default_factory=list)
    output: str = ""

    @property
    def is_fact(self) -> bool:
        """True if the evaluation answers for ever, and not only within its run."""
        return self.status in FACTS

    def public(self) -> dict[str, Any]:
        """Return a fresh copy of the evaluation for ``info["evaluation"]``, without what it took.

        Entries that a failed child lacks are left out, so that each key of a vector info has one
        type.
        """
        curves = {name: [*curve] for name, curve in self.curves.items()}
        fresh = {**vars(self), "metrics": dict(self.metrics), "curves": curves}
        return {n: value for n, value in fresh.items() if value is not None and n not in APART}

    def to_json(self) -> str:
        """One line, keys sorted."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Evaluation:
        """Read what :meth:`to_json` wrote."""
        return cls(**json.loads(text))
