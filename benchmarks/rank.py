"""Measures how well a dozen networks tell whether a cheap metric orders networks rightly.

NAS_DATA=... python -m benchmarks.rank
python -m benchmarks.rank --run runs/NAS-Digits-v0-reinforce-1      # keeps what nas-rank found

In a table all networks have both metrics, after few epochs and after the most, so that Kendall's
tau over all is known. A study draws as many networks as a search has children, takes some at even
steps of their order by the cheap metric, as ``nas-rank`` does, and makes its interval of them. The
figures say how often the interval holds the truth.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from scipy.stats import kendalltau

import nas_env  # noqa: F401 - registers the environments
from benchmarks._results import save
from nas_env.command_line.program import command
from nas_env.errors import InvalidValue
from nas_env.files import read_json
from nas_env.final.rank import spread
from nas_env.final.top import Found
from nas_env.statistics.agreement import bootstrap, tau
from nas_env.table.format import Table

CHILDREN = 120  # of a search


@dataclass(frozen=True)
class Options:
    """Say how often the interval of a rank check holds the truth, or keep a rank check.

    Attributes:
        environments: Ids of tables with several fidelities.
        networks: Numbers of networks, each of which is tried.
        studies: Simulated rank checks for each number.
        run: Folder of a run whose rank check is kept in place of that.
    """

    environments: tuple[str, ...] = ("NAS-Bench-201-CIFAR10-v0", "NAS-Bench-Digits-v0")
    networks: tuple[int, ...] = (5, 12, 24)
    studies: int = 400
    run: Path | None = None


def measure(options: Options) -> None:
    """Print the figures, and keep them."""
    if options.run is not None:
        kept = read_json(options.run / "final" / "rank.json")
        save(f"rank_{kept['env']}", "nas-rank RUN; python -m benchmarks.rank --run RUN", kept)
        return
    found = {id: of_table(id, options) for id in options.environments}
    save("rank", "python -m benchmarks.rank", found)


def of_table(id: str, options: Options) -> dict[str, Any]:
    """Return tau over a whole table, and what rank checks of it find."""
    cheap, final = metrics(id)
    whole: Any = kendalltau(cheap, final)
    truth = float(whole.statistic)
    figures: dict[str, Any] = {"networks": len(cheap), "tau": round(truth, 3)}
    for count in options.networks:
        figures[str(count)] = studies(cheap, final, count, truth, options.studies)
        print(f"{id:26} tau {truth:.3f}, {count:3} networks: {figures[str(count)]}", flush=True)
    return figures


def metrics(id: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the metric after the fewest epochs, of one seed, and the mean after the most."""
    table: Table | None = gymnasium.make(id).unwrapped.problem.table  # type: ignore[attr-defined]
    if table is None or len(table.fidelities) < 2:
        raise InvalidValue(f"{id} has no table with several fidelities")
    cheap = table.column("validation", table.fidelities[0])[:, 0]
    final = table.mean("validation")
    known = np.isfinite(cheap) & np.isfinite(final)
    return cheap[known], final[known]


def studies(
    cheap: np.ndarray, final: np.ndarray, networks: int, truth: float, count: int
) -> dict[str, float]:
    """Return the mean of tau over studies, its spread, and how often the interval is right."""
    rng, found = np.random.default_rng(networks), []
    for study in range(count):
        children = rng.choice(len(cheap), CHILDREN, replace=False)
        order = sorted(children.tolist(), key=lambda child: -cheap[child])
        chosen = [int(each.name) for each in spread([Found(str(c), {}) for c in order], networks)]
        x, y = cheap[chosen], final[chosen]
        low, high = bootstrap(lambda drawn, x=x, y=y: tau(x[drawn], y[drawn]), networks, study)
        found.append((tau(x, y), low, high))
    taus, low, high = np.array(found).T
    return {
        "tau, mean": round(float(taus.mean()), 3),
        "tau, sd": round(float(taus.std(ddof=1)), 3),
        "width of the interval, mean": round(float((high - low).mean()), 3),
        "holds the truth": round(float(((low <= truth) & (truth <= high)).mean()), 3),
    }


main = command("python -m benchmarks.rank", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
