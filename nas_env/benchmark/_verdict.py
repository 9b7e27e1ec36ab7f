"""Says in words which differences between agents are significant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from nas_env.benchmark._significance import holm, mann_whitney, smallest_p
from nas_env.benchmark._statistics import Interval, difference, improvement
from nas_env.benchmark._study import Study

SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Comparison:
    """One agent against another at a mark.

    Attributes:
        difference: Difference of the mean scores, with Welch's interval.
        improvement: Probability that a search beats one of the other agent's.
        p: P-value of Mann & Whitney's test, after Holm's correction over the family.
        verdict: 1 if better, -1 if worse, 0 without a significant difference.
    """

    difference: Interval
    improvement: Interval
    p: float
    verdict: int


def against_control(study: Study, mark: int) -> dict[str, Comparison]:
    """Compare every other agent with random search, as one family of tests."""
    control = study.control
    others = [label for label in study.runs if label != control]
    if control is None or not others:
        return {}
    p = holm({a: mann_whitney(study.score(a, mark), study.score(control, mark)) for a in others})
    return {agent: _compare(study, agent, control, mark, p[agent]) for agent in others}


def wins(study: Study, mark: int) -> dict[tuple[str, str], int]:
    """Compare every agent with every other, as one family of tests.

    Returns:
        1 for each ordered pair whose first agent is better, -1 if it is worse, else 0.
    """
    pairs = list(combinations(study.runs, 2))
    p = holm({(a, b): mann_whitney(study.score(a, mark), study.score(b, mark)) for a, b in pairs})
    table: dict[tuple[str, str], int] = {}
    for a, b in pairs:
        higher = _superior(study, a, b, mark)
        verdict = (higher > 0.5) - (higher < 0.5) if p[a, b] < SIGNIFICANT else 0
        table[a, b], table[b, a] = verdict, -verdict
    return table


def by_rank(study: Study, mark: int) -> list[str]:
    """Return the labels, the best mean score first."""
    return sorted(study.runs, key=lambda label: -study.score(label, mark).mean())


def paragraph(study: Study, mark: int) -> str:
    """Say which differences at a mark are significant, and which are not."""
    ranked = by_rank(study, mark)
    sentences = [*_on_control(study, ranked, mark), *_on_the_best(study, ranked, mark)]
    return " ".join(sentences)


def _on_control(study: Study, ranked: Sequence[str], mark: int) -> list[str]:
    compared = against_control(study, mark)
    if not compared:
        return ["Random search was not played along with other agents, so none is compared to it."]
    seeds = [len(study.runs[label].seeds) for label in compared]
    control = len(study.runs[study.control or ""].seeds)
    sentences = [
        f"At {mark} {study.counted}, by Mann & Whitney's test at 5% with Holm's correction over "
        f"{count(len(compared), 'comparison')} with random search:",
        listing("beats random search", [a for a in ranked if _is(compared, a, 1)]),
        listing("cannot be distinguished from it", [a for a in ranked if _is(compared, a, 0)]),
        listing("worse", [a for a in ranked if _is(compared, a, -1)], end="."),
    ]
    if smallest_p(min(seeds), control, len(compared)) >= SIGNIFICANT:
        sentences.append("So few seeds cannot make any difference significant.")
    return sentences


def _on_the_best(study: Study, ranked: Sequence[str], mark: int) -> list[str]:
    if len(ranked) < 3:
        return []
    table, best = wins(study, mark), ranked[0]
    real = sum(verdict != 0 for verdict in table.values()) // 2
    equal = [label for label in ranked[1:] if table[best, label] == 0]
    return [
        f"{real} of the {count(len(table) // 2, 'pair')} of agents differ significantly after "
        f"Holm's correction over all pairs. {code(best)} has the best mean;",
        listing("it cannot be distinguished from", equal, end="."),
    ]


def _is(compared: Mapping[str, Comparison], label: str, verdict: int) -> bool:
    return label in compared and compared[label].verdict == verdict


def _compare(study: Study, agent: str, other: str, mark: int, p: float) -> Comparison:
    x, y = study.score(agent, mark), study.score(other, mark)
    chance = improvement([x], [y])
    better = (chance.value > 0.5) - (chance.value < 0.5)
    return Comparison(difference(x, y), chance, p, better if p < SIGNIFICANT else 0)


def _superior(study: Study, a: str, b: str, mark: int) -> float:
    x, y = study.score(a, mark)[:, None], study.score(b, mark)[None]
    return float(((x > y) + 0.5 * (x == y)).mean())


def listing(what: str, labels: Sequence[str], end: str = ";") -> str:
    """Write one clause of a verdict.

    Example:
        >>> listing("worse", [])
        '**worse:** none;'
    """
    return f"**{what}:** {', '.join(map(code, labels)) or 'none'}{end}"


def code(label: str) -> str:
    """Write a label as a name in Markdown."""
    return f"`{label}`"


def count(number: int, noun: str) -> str:
    """Write a number with its noun.

    Example:
        >>> count(1, "comparison"), count(2, "comparison")
        ('1 comparison', '2 comparisons')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"
