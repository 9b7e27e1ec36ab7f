"""The plan of an episode: the step of the controller at which each decision is taken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import torch
from torch import Tensor

from search_spaces import Decision


@dataclass(frozen=True)
class Anchor:
    """A step that ends a layer, and takes all its skip decisions at once.

    Attributes:
        layer: Number of the layer.
        decisions: Indices of the skip decisions.
        sources: Number of the earlier anchor that each skip decision is about.
    """

    layer: int
    decisions: tuple[int, ...] = ()
    sources: tuple[int, ...] = ()


class Plan:
    """The steps of an episode: ``steps[i]`` is a decision's index, or an anchor.

    A layer that later skip decisions are about has an anchor even if it decides no skips itself:
    those decisions use the hidden state of its anchor (Zoph & Le 2017, section 3.3).

    Attributes:
        singles: Decisions that have a step of their own, (d,).
        single_steps: Steps of these decisions, (d,).
        anchor_steps: Steps of the anchors, (a,).
        skips: Skip decisions, (p,).
        skip_currents: Number of each skip decision's own anchor, (p,).
        skip_sources: Number of the earlier anchor that each skip decision is about, (p,).
    """

    def __init__(self, steps: Sequence[int | Anchor]):
        self.steps = tuple(steps)
        numbered = list(enumerate(self.steps))
        self.anchors = tuple(step for step in self.steps if isinstance(step, Anchor))
        self.singles = _indices(step for step in self.steps if not isinstance(step, Anchor))
        self.single_steps = _indices(i for i, step in numbered if not isinstance(step, Anchor))
        self.anchor_steps = _indices(i for i, step in numbered if isinstance(step, Anchor))
        self.skips = _indices(d for anchor in self.anchors for d in anchor.decisions)
        self.skip_currents = _indices(n for n, a in enumerate(self.anchors) for _ in a.decisions)
        self.skip_sources = _indices(s for anchor in self.anchors for s in anchor.sources)


def make_plan(decisions: Sequence[Decision], anchored: frozenset[int]) -> Plan:
    """Make the plan of an episode.

    Args:
        decisions: Decisions of the episode.
        anchored: Layers that have an anchor at full depth, so that a shallow episode takes the
            same steps as the beginning of a deep one.
    """
    steps: list[int | Anchor] = []
    number: dict[int, int] = {}  # number of the anchor, by layer
    numbered = list(enumerate(decisions))
    for layer, items in groupby(numbered, key=lambda item: item[1].layer):
        ours = list(items)
        for missed in sorted(anchored - number.keys()):  # layers that had nothing to decide
            if layer is not None and missed < layer:
                number[missed] = len(number)
                steps.append(Anchor(missed))
        steps.extend(i for i, d in ours if d.source is None)
        skips = [(i, d.source) for i, d in ours if d.source is not None]
        if layer is None or not (skips or layer in anchored):
            continue
        sources = tuple(number[source] for _, source in skips)
        number[layer] = len(number)
        steps.append(Anchor(layer, tuple(i for i, _ in skips), sources))
    return Plan(steps)


def anchored_layers(decisions: Sequence[Decision]) -> frozenset[int]:
    """Return the layers that a skip decision is about, or that have skip decisions."""
    sources = {d.source for d in decisions if d.source is not None}
    deciding = {d.layer for d in decisions if d.source is not None and d.layer is not None}
    return frozenset(sources | deciding)


def _indices(values: Iterable[int]) -> Tensor:
    return torch.tensor(list(values), dtype=torch.long)
