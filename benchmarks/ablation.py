"""Measures what the recipe gives a network, and what its architecture.

python -m benchmarks.ablation --env NAS-Digits-v0 --skips FOUND.json --images 1000 \
    --validation 400 --epochs 20 --seeds 10
NAS_DATA=... python -m benchmarks.ablation --resolution 16 --pooling 1 2 --networks FOUND.json \
    --skips published:zoph-v1

Each network is trained by ``paper`` and by ``modern`` on training and validation split together,
and tested after the last step, as in a final training. Nothing is chosen, neither by validation nor
by a test. The file ``--store`` keeps each training, so that an interrupted measurement goes on; its
ledger has every reading of the test set.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from benchmarks._reduced import Reduced, make_problem, paper_and_modern, spelled
from benchmarks._results import in_percent, save
from benchmarks._shares import shares
from nas_env.command_line._subjects.named import named_architecture, with_all_skips, without_skips
from nas_env.command_line.program import command
from nas_env.errors import ChildrenFail, InvalidValue
from nas_env.problem import Problem
from nas_env.records import Evaluation, Request
from nas_env.training.image_recipe import ImageRecipe
from search_spaces import Architecture, SearchSpace


@dataclass(frozen=True)
class Options(Reduced):
    """Train networks by two recipes, and test them.

    Attributes:
        networks: Networks: files of JSON, folders of networks or runs, or ``published:NAME``.
        skips: A further network, which is also trained with all skip connections and with none.
        random: Number of random networks of the space.
    """

    networks: tuple[str, ...] = ()
    skips: str = ""
    random: int = 3


def measure(options: Options) -> None:
    """Train, test, print the figures and write them.

    Raises:
        InvalidValue: If there is one seed, which gives no interval.
    """
    if options.seeds < 2:
        raise InvalidValue(f"--seeds is {options.seeds}, expected 2 or more: intervals are of them")
    recipes = paper_and_modern(options)
    with contextlib.closing(make_problem(options, recipes["paper"])) as problem:
        networks = named_networks(options, problem.space)
        rows = evaluated(problem, networks, recipes, options.seeds)
    figures = figures_of(rows, list(recipes))
    for name, own in {**figures["by network"], "all": figures["all"]}.items():
        print(f"{name:28} { ({key: own[key] for key in (*recipes, 'modern minus paper')}) }")
    print(f"shares of the variance: {figures['shares of the variance']}")
    described = {name: network.to_dict() for name, network in networks.items()}
    save(
        f"ablation_{options.env}",
        f"python -m benchmarks.ablation {spelled(options)}",
        {
            "networks": described,
            "recipes": {name: recipe.request_spec for name, recipe in recipes.items()},
            **figures,
        },
    )


def named_networks(options: Options, space: SearchSpace) -> dict[str, Architecture]:
    """Return the networks by name."""
    named = map(named_architecture, options.networks)
    found = {each.name: space.parse(each.architecture) for each in named}
    if options.skips:
        given = named_architecture(options.skips)
        own = found[given.name] = space.parse(given.architecture)
        found[f"{given.name}, all skips"] = space.parse(with_all_skips(own.to_dict()))
        found[f"{given.name}, no skips"] = space.parse(without_skips(own.to_dict()))
    drawn = space.sample_batch(np.random.default_rng(0), options.random).tolist()
    random = {f"random {n}": space.decode(tokens) for n, tokens in enumerate(drawn, 1)}
    return {**found, **random}


def evaluated(
    problem: Problem,
    networks: Mapping[str, Architecture],
    recipes: Mapping[str, ImageRecipe],
    seeds: int,
) -> dict[str, list[list[Evaluation]]]:
    """Return the evaluations of each network's final trainings: a list a recipe, one each seed.

    Raises:
        ChildrenFail: If a training diverges or fails: then there is no table.
    """
    jobs = list(product(range(seeds), recipes, networks))
    requests = [
        final(problem, networks[name], recipes[recipe], seed) for seed, recipe, name in jobs
    ]
    found = {}
    for job, future in zip(jobs, problem.evaluator.submit_batch(requests), strict=True):
        evaluation = found[job] = future.result()
        label = f"seed {job[0]}, {job[1]}, {job[2]}"
        if evaluation.status != "ok":
            raise ChildrenFail(f"{label}: {evaluation.status}: {evaluation.error}")
        seconds = sum(evaluation.seconds.values())
        print(f"{label}: {accuracy(evaluation):.4f} in {seconds:.0f} s", flush=True)
    return {
        name: [[found[seed, recipe, name] for seed in range(seeds)] for recipe in recipes]
        for name in networks
    }


def final(problem: Problem, network: Architecture, recipe: ImageRecipe, seed: int) -> Request:
    """Return the request of a final training."""
    spec = recipe.resolved(problem.device.type).request_spec
    return replace(problem.request(network), recipe=spec, seed=seed, split="final")


def accuracy(evaluation: Evaluation) -> float:
    """Return the test accuracy of a final training."""
    return evaluation.metrics["test_accuracy"]


def figures_of(rows: Mapping[str, list[list[Evaluation]]], recipes: list[str]) -> dict[str, Any]:
    """Return the two-way table, in percent with 95% intervals over seeds, and the shares."""
    table = np.array([[[accuracy(each) for each in own] for own in row] for row in rows.values()])
    by_network = {
        name: {
            "parameters": evaluations[0][0].parameters,
            "flops": evaluations[0][0].flops,
            **compared(own, recipes),
            "accuracies": own.round(4).tolist(),
        }
        for (name, evaluations), own in zip(rows.items(), table, strict=True)
    }
    return {
        "seeds": table.shape[-1],
        "by network": by_network,
        "all": compared(table.mean(axis=0), recipes),
        "shares of the variance": shares(table),
    }


def compared(accuracies: np.ndarray, recipes: list[str]) -> dict[str, list[float]]:
    """Return the mean of each recipe and their difference: (recipes, seeds), of pairs."""
    means = {name: in_percent(own) for name, own in zip(recipes, accuracies, strict=True)}
    return {**means, "modern minus paper": in_percent(accuracies[1] - accuracies[0])}


main = command("python -m benchmarks.ablation", Options, measure, resumes=True)

if __name__ == "__main__":
    sys.exit(main())
