"""Describes a table: spreads, rank correlations, how rugged it is, what chance would find.

python -m benchmarks.table_facts --environment NAS-Bench-Digits-v0
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
from scipy.stats import kendalltau, spearmanr

import nas_env  # noqa: F401 - registers the environments
from benchmarks._results import save
from nas_env.benchmark._anytime import expected_best
from nas_env.command_line.program import command
from nas_env.errors import InvalidValue
from nas_env.table.format import Table

DRAWS = (10, 50, 100, 200, 300)


@dataclass(frozen=True)
class Options:
    """Describe a table.

    Attributes:
        environment: The id of a table environment.
    """

    environment: str = "NAS-Bench-Digits-v0"


def measure(options: Options) -> None:
    """Print the facts, and keep them."""
    env: Any = gymnasium.make(options.environment)
    table = env.unwrapped.problem.table
    if table is None:
        raise InvalidValue(f"{options.environment} has no table")
    facts = {**spread(table), **correlations(table), **structure(table), **chance(table)}
    for name, value in facts.items():
        print(f"{name:42} {value}")
    command = f"python -m benchmarks.table_facts --environment {options.environment}"
    save(f"table_facts-{options.environment}", command, facts)
    env.close()


def spread(table: Table) -> dict[str, Any]:
    """Return the spread of the validation metric after the longest training, over networks."""
    values, means = table.column("validation"), table.mean("validation")
    facts = {
        "sequences": len(table.tokens),
        "different networks": len(values),
        "validation, quantiles 0 25 50 75 100 %": _rounded(
            np.nanquantile(means, [0, 0.25, 0.5, 0.75, 1])
        ),
        "sd between networks": _rounded(np.nanstd(means, ddof=1)),
    }
    if values.shape[1] > 1:
        within = np.sqrt(np.nanmean(np.nanvar(values, axis=1, ddof=1)))
        facts["sd between seeds"] = _rounded(within)
    return facts


def correlations(table: Table) -> dict[str, Any]:
    """Return Kendall's tau between seeds, fidelities and splits; Spearman's rho with the size."""
    values, means = table.column("validation"), table.mean("validation")
    facts: dict[str, Any] = {}
    if values.shape[1] > 1:
        pairs = [(i, j) for i in range(values.shape[1]) for j in range(i)]
        facts["tau between two seeds"] = _rounded(
            np.mean([_tau(values[:, i], values[:, j]) for i, j in pairs])
        )
        facts["tau, one seed with the mean of the others"] = _rounded(
            np.mean([_tau(v, np.delete(values, i, 1).mean(1)) for i, v in enumerate(values.T)])
        )
    for epochs in table.fidelities[:-1]:
        lower = table.mean("validation", fidelity=epochs)
        facts[f"tau, {epochs} with {table.fidelities[-1]} epochs"] = _rounded(_tau(lower, means))
    facts["tau, validation with test"] = _rounded(_tau(means, table.mean("test")))
    if table.parameters is not None:
        facts["rho of validation and parameters"] = _rounded(spearmanr(means, table.parameters)[0])
    return facts


def structure(table: Table) -> dict[str, Any]:
    """Return how far decisions act on their own, and where hill climbing stops."""
    means = table.mean("validation")[table.row_of]
    options = [len(decision.options) for decision in table.space.decisions]
    onehot = np.concatenate([np.eye(n)[table.tokens[:, d]] for d, n in enumerate(options)], axis=1)
    pairs = [(onehot[:, i] * onehot[:, j]) for i in range(onehot.shape[1]) for j in range(i)]
    optima = local_optima(table, means)
    return {
        "R2 of independent decisions": _rounded(_explained(onehot, means)),
        "R2 with pairs of decisions": _rounded(_explained(np.stack([*onehot.T, *pairs], 1), means)),
        "local optima (one decision changed)": int(optima.sum()),
        "their share of the best, mean": _rounded(np.mean(means[optima]) / np.nanmax(means)),
    }


def local_optima(table: Table, means: np.ndarray) -> np.ndarray:
    """Mark the sequences that no change of one decision improves: bool (sequences,)."""
    best = np.ones(len(means), dtype=bool)
    for index, decision in enumerate(table.space.decisions):
        for token in range(len(decision.options)):
            changed = table.tokens.copy()
            changed[:, index] = token
            rows = table.rows(changed)
            best &= ~((rows >= 0) & (table.mean("validation", rows) > means))
    return best


def chance(table: Table) -> dict[str, Any]:
    """Return the expected test metric of what random search finds: exact, not simulated."""
    validation = table.mean("validation")[table.row_of]
    test = table.mean("test")[table.row_of]
    facts = {"best test": _rounded(table.optimum("test"))}
    facts["test of the best by validation"] = _rounded(test[np.nanargmax(validation)])
    found = expected_best(validation, test, DRAWS)
    return facts | {
        f"random search, {draws} episodes": _rounded(value)
        for draws, value in zip(DRAWS, found, strict=True)
    }


def _explained(features: np.ndarray, values: np.ndarray) -> float:
    fit = np.linalg.lstsq(features, values, rcond=None)[0]
    return float(1 - np.var(values - features @ fit) / np.var(values))


def _tau(one: np.ndarray, other: np.ndarray) -> float:
    result: Any = kendalltau(one, other)
    return float(result.statistic)


def _rounded(value: Any) -> Any:
    return np.round(value, 4).tolist()


main = command("python -m benchmarks.table_facts", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
