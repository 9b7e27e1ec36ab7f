"""Measures how often the report's intervals hold the truth, by the number of seeds.

python -m benchmarks.coverage

Scores are drawn from a normal distribution, as a search's mostly are far from the optimum, and from
an exponential one, as regrets are near it. A 95% interval should hold the truth 95 times of 100.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from benchmarks._results import save
from nas_env.benchmark._statistics import Interval, improvement, iqm_interval, mean_interval
from nas_env.command_line.program import command

Draw = Callable[[np.random.Generator, int], np.ndarray]


@dataclass(frozen=True)
class Options:
    """Say how often the report's intervals hold the truth.

    Attributes:
        seeds: Numbers of seeds, each of which is tried.
        studies: Simulated comparisons for each number.
    """

    seeds: tuple[int, ...] = (3, 5, 10, 20, 50)
    studies: int = 2_000


@dataclass(frozen=True)
class Population:
    """A distribution that scores are drawn from.

    Attributes:
        draw: Draws that many scores.
        mean: The true mean.
        iqm: The true interquartile mean.
    """

    draw: Draw
    mean: float
    iqm: float


POPULATIONS = {
    "normal": Population(lambda rng, count: rng.normal(size=count), 0.0, 0.0),
    "exponential": Population(
        lambda rng, count: rng.exponential(size=count),
        1.0,
        float(2 * stats.expon.expect(lb=stats.expon.ppf(0.25), ub=stats.expon.ppf(0.75))),
    ),
}


def measure(options: Options) -> None:
    """Print the shares, and keep them."""
    found = {
        name: {seeds: coverage(population, seeds, options.studies) for seeds in options.seeds}
        for name, population in POPULATIONS.items()
    }
    for name, by_seeds in found.items():
        for seeds, shares in by_seeds.items():
            print(f"{name:12} {seeds:3} seeds  {shares}")
    save("coverage", "python -m benchmarks.coverage", found)


def coverage(population: Population, seeds: int, studies: int) -> dict[str, float]:
    """Return, for each sort of interval, the share of simulated studies in which it is right."""
    rng = np.random.default_rng(seeds)
    held = {"mean, Student's t": 0, "IQM, bootstrap": 0, "P(improvement), bootstrap": 0}
    for study in range(studies):
        one, other = population.draw(rng, seeds), population.draw(rng, seeds)
        intervals = (
            (mean_interval(one), population.mean),
            (iqm_interval(one, study), population.iqm),
            (improvement([one], [other], study), 0.5),
        )
        for name, (interval, truth) in zip(held, intervals, strict=True):
            held[name] += int(holds(interval, truth))
    return {name: round(count / studies, 3) for name, count in held.items()}


def holds(interval: Interval, truth: float) -> bool:
    """Tell whether an interval holds a number.

    Example:
        >>> holds(Interval(1.0, 0.5, 1.5), 1.4)
        True
    """
    return interval.low <= truth <= interval.high


main = command("python -m benchmarks.coverage", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
