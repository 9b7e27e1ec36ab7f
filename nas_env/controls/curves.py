"""The mean of the best children so far, of searches and of their random controls.

Figure 6 of Zoph & Le 2017 has the difference of the two for the best, the best 5 and the best 15.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nas_env.benchmark._anytime import at_times, spent

POINTS = 300  # of a curve that is kept or drawn


class Played(NamedTuple):
    """The children of one search, in order.

    Attributes:
        values: The main metric of each child, NaN where it failed: float64 (children,).
        names: The canonical form of each; equal forms are one network.
        seconds: Seconds that each took, NaN where that is not known: float64 (children,).
    """

    values: np.ndarray
    names: Sequence[str]
    seconds: np.ndarray

    def first(self, children: int) -> Played:
        """Return the first so many children."""
        return Played(self.values[:children], self.names[:children], self.seconds[:children])

    @property
    def repeated(self) -> np.ndarray:
        """Tell for each child whether its network was played before: bool (children,)."""
        first = {name: place for place, name in reversed([*enumerate(self.names)])}
        return np.array([first[name] < place for place, name in enumerate(self.names)])

    @property
    def times(self) -> np.ndarray:
        """The seconds of training that are spent after each child; a repeated one costs nothing."""
        return spent(self.seconds, self.repeated)


class Pair(NamedTuple):
    """A search and its random control."""

    agent: Played
    control: Played


class Curve(NamedTuple):
    """The means of the best of several pairs, read at the same places.

    Attributes:
        x: Numbers of children, or seconds: (points,).
        agent: The agent's means: (pairs, points).
        control: The control's means: (pairs, points).
        maximise: Whether more of the metric is better.
    """

    x: np.ndarray
    agent: np.ndarray
    control: np.ndarray
    maximise: bool

    @property
    def advantage(self) -> np.ndarray:
        """The lead of the agent over its control, (pairs, points); below 0 it is worse."""
        ahead = self.agent - self.control
        return ahead if self.maximise else -ahead

    def thinned(self, points: int = POINTS) -> Curve:
        """Return the curve at no more points than these, the first and the last among them."""
        kept = np.unique(np.linspace(0, len(self.x) - 1, points).round().astype(int))
        return Curve(self.x[kept], self.agent[:, kept], self.control[:, kept], self.maximise)


def best_means(played: Played, count: int, maximise: bool) -> np.ndarray:
    """Return the mean of the best different networks so far, after each child: (children,).

    Args:
        played: The children.
        count: Number of the best.
        maximise: Whether more is better.

    Returns:
        NaN until so many different networks have succeeded.

    Example:
        >>> values = np.array([1.0, 5.0, 5.0, np.nan, 3.0])
        >>> played = Played(values, ["a", "b", "b", "c", "d"], values)
        >>> best_means(played, 2, maximise=True).tolist()
        [nan, 3.0, 3.0, 3.0, 4.0]
    """
    sign = 1.0 if maximise else -1.0
    kept, seen = list[float](), set[str]()
    means = np.full(len(played.values), np.nan)
    for place, (value, name) in enumerate(zip(played.values, played.names, strict=True)):
        if name not in seen and np.isfinite(value):
            seen.add(name)
            insort(kept, sign * value)
            del kept[:-count]
        if len(kept) == count:
            means[place] = sign * sum(kept) / count
    return means


def over_children(pairs: Sequence[Pair], count: int, maximise: bool) -> Curve | None:
    """Return the curve over children, from where all searches have so many different ones.

    Args:
        pairs: Searches and controls of equal length.
        count: Number of the best.
        maximise: Whether more is better.

    Returns:
        None if one of the searches never has so many.
    """
    agent, control = (
        np.array([best_means(played, count, maximise) for played in side])
        for side in zip(*pairs, strict=True)
    )
    known = np.isfinite(agent + control).all(axis=0)
    if not known.any():
        return None
    x = np.arange(1, agent.shape[1] + 1)
    return Curve(x[known], agent[:, known], control[:, known], maximise)


def over_seconds(pairs: Sequence[Pair], count: int, maximise: bool) -> Curve | None:
    """Return the curve over seconds of training, up to the end of the search that took least.

    Returns:
        None if seconds are not known, or if no moment has so many different children in all.
    """
    searches = [played for pair in pairs for played in pair]
    if not all(np.isfinite(played.times).all() for played in searches):
        return None
    means = [best_means(played, count, maximise) for played in searches]
    if not all(np.isfinite(each).any() for each in means):
        return None
    begins = (p.times[np.isfinite(m).argmax()] for p, m in zip(searches, means, strict=True))
    begin, end = max(begins), min(played.times[-1] for played in searches)
    if begin >= end:
        return None
    x = np.linspace(begin, end, POINTS)
    read = np.array([at_times(p.times, m, x) for p, m in zip(searches, means, strict=True)])
    return Curve(x, read[::2], read[1::2], maximise)
