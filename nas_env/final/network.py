"""Hands over the network of a final training: its folder, beside the result."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import nn

from nas_env import handover
from nas_env.evaluation._job import Job
from nas_env.final.plan import Tested
from nas_env.final.training import FinalTraining
from nas_env.records import Request
from nas_env.tasks import TrainingTask

NETWORK = "network"  # the folder, in that of the final training


def hand_over(
    final: FinalTraining,
    tested: Tested,
    result: Mapping[str, Any],
    before: Mapping[str, Any],
    with_preprocessing: bool = False,
) -> dict[str, Any]:
    """Write the folder of the first seed's network, unless it is there as it would be written.

    The first seed is no choice by the test set.

    Args:
        final: The final training.
        tested: What came of it.
        result: Figures of the report.
        before: What an earlier call returned; empty if there was none.
        with_preprocessing: Whether the programs take images of bytes.

    Returns:
        The seed and the folder, what it was made of, and lines on the files that it lacks.

    Raises:
        ExportDiffers: If something that was exported gives other outputs than the network.
        NASError: If the folder cannot be written.
    """
    request, place = tested.requests[0], final.folder / NETWORK
    facts = _facts(final, tested, result)
    parts = [request.key, facts, with_preprocessing]
    made_of = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    if place.is_dir() and before.get("made_of") == made_of:
        return dict(before)
    job, new = Job(request), place.with_name(f".{NETWORK}")
    for half in place.parent.glob(f".{new.name}.*"):  # that kills have left
        shutil.rmtree(half, ignore_errors=True)
    shutil.rmtree(new, ignore_errors=True)  # of a call that was killed
    written = handover.write(
        new,
        network=_network(request, job),
        space=job.space,
        architecture=job.architecture,
        input_shape=job.task.input_shape,
        outputs=job.task.outputs,
        preprocessing=job.task.preprocessing(job.data(torch.device("cpu")), job.recipe),
        facts=facts,
        with_preprocessing=with_preprocessing,
    )
    shutil.rmtree(place, ignore_errors=True)  # what was there stays until the new one is checked
    new.rename(place)
    return {
        "folder": NETWORK,
        "seed": request.seed,
        "made_of": made_of,
        "left_out": list(written.left_out),
    }


def _network(request: Request, job: Job) -> nn.Module:
    """Build the child of a request, and give it the weights that were kept."""
    assert request.keep is not None
    network = job.build()
    job.recipe.set_up(network)
    network.load_state_dict(load_file(Path(request.keep)))
    return network


def _facts(final: FinalTraining, tested: Tested, result: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the model card says."""
    chosen, task = result["chosen"], final.task
    keys = {request.key for request in tested.requests}
    searched = {"found as": chosen["name"], final.metric.title + " in the search": chosen["search"]}
    start = {} if chosen["start"] is None else {"started from the weights": chosen["start"]}
    return {
        "title": f"{chosen['name']} on {task.name}",
        "licence": task.licence,
        "data": {**_data(task), "trained on": "training and validation split"},
        "recipe": {**result["recipe"], **start},
        "seeds": {"trained": [each["seed"] for each in result["seeds"]], "here": "the first"},
        "scores": [_score(result, result)],
        "test_set": [
            {
                **{name: line[name] for name in ("number", "time", "run")},
                "network": "this one" if line["key"] in keys else "another",
                **{name: line[name] for name in ("seed", "metric", "value")},
            }
            for line in result["ledger"]
        ],
        "search": {**searched, "candidates compared by validation": len(result["compared"])},
        **_others(result),
    }


def _data(task: TrainingTask) -> dict[str, Any]:
    """Return what the card says of the data: no place on this machine, and nothing twice."""
    elsewhere = {"path", "symbols", *task.limits, *task.told}  # the preprocessing has the symbols
    told = {**task.spec, **task.facts}
    return {name: value for name, value in told.items() if name not in elsewhere}


def _others(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sections about the networks that were trained and tested likewise."""
    control, beside = result["random_search"], result["beside"]
    rows = [{"network": row["name"], **_score(result, row)} for row in beside]
    found = {} if control is None else {"control": [_control(result, control)]}
    return {**found, "beside": rows or "None."}


def _control(result: Mapping[str, Any], control: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of the random control, which is compared at the same points of the grid."""
    changes = control["changes"] or "as it is"
    candidates = {"candidates compared by validation": len(control["compared"])}
    return {"network": control["name"], "recipe": changes, **_score(result, control), **candidates}


def _score(result: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of a table of scores."""
    intervals = {
        "95% interval over seeds": row["interval_over_seeds"],
        "95% interval by the test set": row["interval_by_test_set"],
    }
    told = {name: "to".join(f" {x:.4f} " for x in v).strip() for name, v in intervals.items() if v}
    return {
        f"mean {result['metric'].replace('_', ' ')}": row["mean"],
        **told,
        "seeds": len(row["seeds"]),
        "test examples": row["test_examples"],
    }
