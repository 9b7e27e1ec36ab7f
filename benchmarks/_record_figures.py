"""The figures of a record: minutes and arithmetic of each part, networks, what the search added."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from benchmarks._minutes import Minutes
from benchmarks._pace import images_of
from benchmarks._record_networks import STORE, config_of, folder_of
from benchmarks._results import mean_interval, save
from nas_env.errors import InvalidValue
from nas_env.evaluation._job import Job
from nas_env.files import read_json
from nas_env.final.report import RESULT
from nas_env.run.store import open_store
from nas_env.tasks import make_task
from nas_env.training.image_recipe import ImageRecipe

CPU = torch.device("cpu")
LARGEST = 2**26  # bytes of a result that is read again
KEPT = 2**24  # bytes of a record's figures
SUMMARY = ("agent", "children", "distinct", "failed", "seconds", "best")
TRAINED = ("mean", "interval_by_test_set", "test_examples", "device", "recipe", "versions")
BACK = 3  # a training step's arithmetic, in forward passes


def figures(place: Path, minutes: Minutes) -> dict[str, Any]:
    """Return the figures of what is done.

    Args:
        place: Folder of the record.
        minutes: What its parts took.
    """
    names = dict.fromkeys(leg["part"] for leg in minutes.state["legs"])
    parts = {name: minutes.of(name) for name in names}
    searches, networks = dict(_searches(place, parts)), dict(_networks(place, minutes, parts))
    return {
        "options": minutes.state["options"],
        "parts": parts,
        "searches": searches,
        "networks": networks,
        "failed": [name for name, plan in minutes.state["plans"].items() if plan.get("failed")],
        "added": _added(networks),
        "legs": minutes.state["legs"],
    }


def saved(name: str, options: Mapping[str, Any], found: Mapping[str, Any], folder: Path) -> Path:
    """Keep the figures, with the command of their options, and return the file."""
    given = {key.replace("_", "-"): value for key, value in options.items() if value != ""}
    words = [shlex.quote(f"--{key}={value}") for key, value in given.items()]
    command = f"python -m benchmarks.cifar10_record {' '.join(words)}"
    return save(name, command, found, folder)


def read(file: Path) -> dict[str, Any]:
    """Return what is kept of a record: its figures, their command, and the machine."""
    return read_json(file, most=KEPT)


def _searches(place: Path, parts: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what each search came to, by its name, and add its arithmetic to its part."""
    for name in ("found", "random search"):
        run = folder_of(place, f"{name} search")
        if (run / "summary.json").is_file():
            summary = read_json(run / "summary.json", most=LARGEST)
            parts[f"{name}: search"]["PFLOP"] = _arithmetic(run)
            yield (
                name,
                {key: summary[key] for key in SUMMARY} | {"children by number": _children(run)},
            )


def _children(run: Path) -> list[float | None]:
    """Return the main metric of each child of a search, in order; None of one that failed."""
    config = config_of(run)
    name = make_task(config["make"]["task"]).metric.name
    with contextlib.closing(open_store(run / STORE, config["id"])) as store:
        return [record["metrics"].get(name) for record in store.episodes()]


def _arithmetic(run: Path) -> float:
    """Return the PFLOP of the trainings of a search, each to where it came."""
    total = 0.0
    with contextlib.closing(open_store(run / STORE, config_of(run)["id"])) as store:
        for request, evaluation in store.evaluations():
            job, epochs = Job(request), min(map(len, evaluation.curves.values()), default=0)
            images = _images(job) * epochs / job.recipe.epochs
            total += BACK * (evaluation.flops or 0) * images
    return _petaflop(total)


def _petaflop(flop: float) -> float:
    return float(f"{flop / 1e15:.4g}")


def _images(job: Job) -> float:
    """Return the images of a training, in images of the task's own size."""
    if not isinstance(job.recipe, ImageRecipe):
        raise InvalidValue(f"task is {job.task.name}, expected one of images")
    return images_of(job.recipe, job.data(CPU).sizes[0], max(job.task.input_shape[1:]))


def _networks(
    place: Path, minutes: Minutes, parts: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what is known of each network that was tested, and add its arithmetic to its part."""
    for name, plan in minutes.state["plans"].items():
        folder = folder_of(place, name)
        if not plan.get("done") or plan["failed"]:
            continue
        result = read_json(folder / "final" / RESULT, most=LARGEST)
        with contextlib.closing(open_store(folder / STORE)) as store:
            ((request, evaluation),) = (
                pair for pair in store.evaluations() if pair[0].split == "final"
            )
        flops = BACK * (evaluation.flops or 0) * _images(Job(request))
        parts[f"{name}: final training"]["PFLOP"] = _petaflop(flops)
        own = [part for part in parts if part.startswith(f"{name}: ")]
        yield (
            name,
            {
                **{key: result["chosen"][key] for key in ("architecture", "parameters", "flops")},
                **{key: result[key] for key in TRAINED},
                "plan": plan,
                "minutes": {
                    count: round(sum(parts[part][count] for part in own), 3)
                    for count in ("wall", "cpu")
                },
                "training_loss": evaluation.curves["training_loss"],
                "seconds": evaluation.seconds,
                "cpu seconds": evaluation.cpu_seconds,
            },
        )


def _added(networks: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return by how much the found network is better than each control, in percent of the test.

    Of the random networks it is the mean with half the width of its 95% interval, over networks.
    """
    if "found" not in networks:
        return {}
    found = networks["found"]["mean"]
    better = {name: 100 * (found - each["mean"]) for name, each in networks.items()}
    drawn = [better[name] for name in better if name.removeprefix("random ").isdecimal()]
    single = ("random search", "hand-made")
    added: dict[str, Any] = {
        f"over {name}": round(better[name], 3) for name in single if name in better
    }
    if len(drawn) > 1:
        mean, half = mean_interval(drawn)
        added["over random networks"] = [round(mean, 3), round(half, 3)]
    return added


def shown(found: Mapping[str, Any]) -> None:
    """Print the networks and the minutes."""
    for name, each in found["networks"].items():
        low, high = each["interval_by_test_set"]
        print(
            f"{name:14} {each['mean']:.4f} ({low:.4f} to {high:.4f}) {each['parameters']:>10,} "
            f"parameters {each['plan']['epochs']:>4} epochs, minutes {each['minutes']}"
        )
    for name, value in found["added"].items():
        print(f"{name}: {value}")
