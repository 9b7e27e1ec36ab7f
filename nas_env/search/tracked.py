"""The labels, versions, data and artifacts of a run, for its trackers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nas_env.problem import Problem
from nas_env.run.folder import Run
from nas_env.search.summary import device_name, versions
from nas_env.tasks import Task
from nas_env.tracking import Artifact, Labels, Picture, Trackers

UNFIT = re.compile(r"[^A-Za-z0-9._-]+")  # for the name of an artifact


def labels_of(config: Mapping[str, Any], name: str) -> Labels:
    """Return the labels of a search.

    Args:
        config: The configuration of its run.
        name: Name of its run.
    """
    env, agent = config["env"].split(":")[-1], config["agent"]["name"]
    parts = (config["make"][part]["name"] for part in ("task", "space"))
    return Labels(
        name,
        usual_group=f"{env}-{agent}",
        tags=tuple(dict.fromkeys([env, agent, *parts, *config.get("tags", ())])),
        project=config.get("project"),
        group=config.get("group"),
    )


def resolved(config: Mapping[str, Any], problem: Problem) -> dict[str, Any]:
    """Return a configuration with the versions, the checksums of the data and the device."""
    return {
        **config,
        "data": {**problem.task.checksums},
        "device": device_name(problem.device),
        "versions": versions(),
    }


def data_used(task: Task) -> Artifact:
    """Return the artifact that stands for a task's data: settings and checksums, nothing of it.

    Neither the words of a text nor the names of classes are told, nor where the data lies.
    """
    facts = {"task": _told(task), "checksums": {**task.checksums}}
    return Artifact(artifact_name("data", task.name), "dataset", {"data.json": _json(facts)}, facts)


def best_architecture(run_id: str, best: Mapping[str, Any]) -> Artifact:
    """Return the artifact of the best architecture of a search.

    Args:
        run_id: Name of the run in the store.
        best: Figures of the best child, from the summary of the search.
    """
    facts = {name: value for name, value in best.items() if name != "architecture"}
    files: dict[str, Path | bytes] = {"architecture.json": _json(best["architecture"])}
    return Artifact(artifact_name("architecture", run_id), "architecture", files, facts)


def checkpoint(run: Run) -> Artifact | None:
    """Return the artifact of the last checkpoint of a search; None if there is none."""
    last = max((path.stem for path in run.checkpoints.glob("*.json")), default=None)
    if last is None:
        return None
    files: dict[str, Path | bytes] = {
        path.name: path for path in sorted(run.checkpoints.glob(f"{last}.*"))
    }
    return Artifact(
        artifact_name("checkpoint", run.config["id"]), "checkpoint", files, {"children": int(last)}
    )


def show_start(
    trackers: Trackers, run: Run, config: Mapping[str, Any], problem: Problem, resume_from: int
) -> None:
    """Begin to show a search, and the data that it uses.

    Args:
        trackers: Trackers that follow it from here on.
        run: Run of the search.
        config: The configuration of the run.
        problem: Problem of the search.
        resume_from: Number of children that were tracked before.
    """
    with trackers.or_without():
        if trackers:
            told, labels = resolved(config, problem), labels_of(config, run.folder.name)
            trackers.start(run.folder, labels, told, resume_from)
            trackers.uses(data_used(problem.task))


def show_end(trackers: Trackers, run: Run, summary: Mapping[str, Any], curve: Path) -> None:
    """Show what a search has come to.

    Args:
        trackers: Trackers that follow it.
        run: Run of the search.
        summary: Figures of the search.
        curve: File of the picture of its curve.
    """
    with trackers.or_without():
        if trackers:
            said = f"{summary['children']:,} children: reward of each, mean, best so far"
            trackers.picture(summary["children"], "search/curve", Picture.read(curve, said))
            if summary["best"] is not None:
                trackers.makes(best_architecture(run.config["id"], summary["best"]))
            if (last := checkpoint(run)) is not None:
                trackers.makes(last)
            trackers.summary(summary)


def _told(task: Task) -> dict[str, Any]:
    """Return a task's settings without the places of its data on this machine."""
    return {name: value for name, value in task.spec.items() if name not in task.source}


def artifact_name(*parts: str) -> str:
    """Return the name of an artifact.

    Example:
        >>> artifact_name("data", "mine.wine:Wine")
        'data-mine.wine-Wine'
    """
    return UNFIT.sub("-", "-".join(parts))


def _json(values: Mapping[str, Any]) -> bytes:
    return (json.dumps(values, indent=2, sort_keys=True) + "\n").encode()
