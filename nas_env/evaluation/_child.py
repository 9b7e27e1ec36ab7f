"""Trains one requested child: the place where space, task and training meet."""

from __future__ import annotations

import contextlib
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn

from nas_env.errors import NASError
from nas_env.evaluation._checkpoints import NOWHERE, Place
from nas_env.evaluation._job import Job
from nas_env.evaluation._last_words import MOST
from nas_env.evaluation._memory import ran_out_of_memory
from nas_env.files import write_bytes
from nas_env.records import Evaluation, Request, Status
from nas_env.tasks import sealed_test_set
from nas_env.training.data import FinalData, TrainingData
from nas_env.training.outcome import Report, Training, unheard
from nas_env.training.recipe import ChildRecipe
from search_spaces import Cost, _catalogue


def evaluate(
    request: Request,
    device: torch.device,
    report: Report = unheard,
    place: Place = NOWHERE,
) -> Evaluation:
    """Build and train the child of a request on a device, in parts of batches that do not fit.

    Never raises for the child's sake: what goes wrong with it is the evaluation's status.

    Args:
        request: What is wanted.
        device: Where the child is trained.
        report: Called when its training begins and after each epoch.
        place: The place of the checkpoints of its training.

    Raises:
        NASError: If the data is missing or corrupt, or the test split was asked for.
    """
    job = Job(request)
    return fitted(request, lambda pieces: evaluate_job(job, device, report, pieces, place))


def fitted(request: Request, trained: Callable[[int], Evaluation]) -> Evaluation:
    """Return the evaluation of a child that is trained in as few parts of a batch as fit.

    One that ran out of memory is trained again, from the beginning, in twice as many parts, until
    a batch cannot be cut any further.

    Args:
        request: What is wanted.
        trained: Trains the child in so many parts of each batch.
    """
    evaluation, pieces = trained(1), 2
    while evaluation.status == "out_of_memory" and pieces <= Job(request).recipe.most_pieces:
        evaluation, pieces = replace(trained(pieces), pieces=pieces), 2 * pieces
    return evaluation


@sealed_test_set()
def evaluate_job(
    job: Job, device: torch.device, report: Report, pieces: int = 1, place: Place = NOWHERE
) -> Evaluation:
    """Evaluate a job, each batch in so many parts; see :func:`evaluate`."""
    task, cost = job.task, None
    try:
        cost = job.cost
        if error := excess(job.request, cost):
            return failed("too_large", error, cost)
        child, result = train_job(job, device, report, pieces, place)
        if result.diverged:
            error = f"{result.reason} in epoch {result.epochs + 1}"
            return replace(failed("diverged", error, cost), **measured(result))
        if job.request.split == "final":
            metrics = task.measure_tested(result.tested)
        else:
            metrics = task.measure(result.curves)
        if job.request.keep is not None:
            keep_weights(child, Path(job.request.keep))
        return Evaluation("ok", metrics, **cost._asdict(), **measured(result))
    except (NASError, KeyboardInterrupt):
        raise
    except Exception as error:
        status = "out_of_memory" if ran_out_of_memory(error) else "failed"
        text, trace = _one_line(error), traceback.format_exc()[-MOST:]
    return failed(status, text, cost, trace)  # what the child held is free by now


def prepare(job: Job, device: torch.device) -> None:
    """Read what children of a job's kind need, once a process: the data, and the modules.

    What goes wrong with it is met again by :func:`evaluate_job`, and told there.
    """
    with contextlib.suppress(Exception):
        _ = job.space
        job.data(device)


def excess(request: Request, cost: Cost) -> str:
    """Say by what a child exceeds the limits of its request, in one line; empty if it does not."""
    for limit, number, unit in (
        ("max_parameters", cost.parameters, "parameters"),
        ("max_flops", cost.flops, "FLOPs an example"),
    ):
        most = request.limits.get(limit)
        if most is not None and number > most:
            option = f"--task.{limit.replace('_', '-')}"
            return f"{number:,} {unit}, the task's {limit} ({option}) is {most:,}"
    return ""


def under_limits(request: Request, kept: Evaluation) -> Evaluation:
    """Return what a stored evaluation is under the limits of a request."""
    if kept.parameters is None or kept.flops is None:
        return kept
    cost = Cost(kept.parameters, kept.flops)
    error = excess(request, cost)
    return failed("too_large", error, cost) if error else kept


def train_child(
    request: Request, device: torch.device, report: Report = unheard
) -> tuple[nn.Module, Training]:
    """Return the trained child of a request, and what came of its training.

    Raises:
        NASError: If the data is missing or corrupt.
    """
    return train_job(Job(request), device, report)


def train_job(
    job: Job, device: torch.device, report: Report, pieces: int = 1, place: Place = NOWHERE
) -> tuple[nn.Module, Training]:
    """Return the trained child of a job, and what came of its training."""
    start = time.perf_counter()
    recipe, data = job.recipe, job.data(device)
    read = time.perf_counter() - start
    child, result = train_on(job, recipe, data, device, report, pieces, place)
    result.seconds["build"] += read
    return child, result


def train_on(
    job: Job,
    recipe: ChildRecipe,
    data: TrainingData,
    device: torch.device,
    report: Report,
    pieces: int = 1,
    place: Place = NOWHERE,
) -> tuple[nn.Module, Training]:
    """Train the child of a job by a recipe on data that is there."""
    start, seed = time.perf_counter(), job.request.child_seed
    with settled(recipe, seed, device):
        child = job.build()
        if job.start is not None:
            job.start.give(child, job.space)
        child = child.to(device)
        built = time.perf_counter() - start
        train = _catalogue.resolve(recipe.engine)
        more: dict[str, Any] = {"pieces": pieces} if pieces > 1 else {}  # not every engine can
        if recipe.continues:
            more["checkpoints"] = place.checkpoints(job.request, pieces)
        if job.request.split == "final":
            more["tested"] = lambda: job.with_test_split(cast(FinalData, data))
        result = train(child, data, recipe, seed=seed, device=device, report=report, **more)
    result.seconds["build"] = built
    return child, result


def keep_weights(child: nn.Module, path: Path) -> None:
    """Write the weights of a child to a file of safetensors, which is whole or not there.

    Raises:
        NASError: If it cannot be written.
    """
    from safetensors.torch import save

    weights = {name: each.detach().cpu().contiguous() for name, each in child.state_dict().items()}
    write_bytes(path, save({name: each.clone() for name, each in weights.items()}))


@contextlib.contextmanager
def settled(recipe: ChildRecipe, seed: int, device: torch.device) -> Iterator[None]:
    """Seeds, threads and kernels as the recipe wants them; the caller's are put back."""
    threads = torch.get_num_threads()
    devices = [device] if device.type == "cuda" else []
    with (
        torch.random.fork_rng(devices),
        torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True),
    ):
        torch.manual_seed(seed)
        torch.set_num_threads(recipe.threads)
        try:
            yield
        finally:
            torch.set_num_threads(threads)


def measured(result: Training) -> dict[str, Any]:
    """Return what every evaluation of a child that was trained has of its training."""
    return {"curves": result.curves, "seconds": result.seconds, "cpu_seconds": result.cpu_seconds}


def failed(status: Status, error: str, cost: Cost | None = None, output: str = "") -> Evaluation:
    """The evaluation of a child that came to nothing."""
    parameters, flops = cost or (None, None)
    return Evaluation(status, parameters=parameters, flops=flops, error=error, output=output)


def _one_line(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__
