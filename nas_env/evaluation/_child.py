"""Trains one requested child: the place where space, task and training meet."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from nas_env.errors import NASError
from nas_env.evaluation._data import splits, training_task
from nas_env.evaluation._memory import ran_out_of_memory
from nas_env.records import Evaluation, Request, Status
from nas_env.tasks import Task, TrainingTask, sealed_test_set
from nas_env.training.data import TrainingData
from nas_env.training.outcome import Report, Training, unheard
from nas_env.training.recipe import Recipe
from search_spaces import Cost, _catalogue, make_space
from search_spaces._settings import from_mapping


@sealed_test_set()
def evaluate(request: Request, device: torch.device, report: Report = unheard) -> Evaluation:
    """Build and train the child of a request on a device.

    Never raises for the child's sake: what goes wrong with it is the evaluation's status.

    Args:
        request: What is wanted.
        device: Where the child is trained.
        report: Called when its training begins and after each epoch.

    Raises:
        NASError: If the data is missing or corrupt, or the test split was asked for.
    """
    task = training_task(request.task)
    cost: Cost | None = None
    try:
        cost = make_space(request.space).cost(
            architecture_of(request), task.input_shape, task.outputs
        )
        if error := excess(request, cost):
            return failed("too_large", error, cost)
        return _trained(request, task, cost, device, report)
    except (NASError, KeyboardInterrupt):
        raise
    except Exception as error:
        status = "out_of_memory" if ran_out_of_memory(error) else "failed"
        text = _one_line(error)
    return failed(status, text, cost)  # what the child held is free by now


def prepare(request: Request, device: torch.device) -> None:
    """Read what children of a request's kind need, once a process: the data, and the modules.

    What goes wrong with it is met again by :func:`evaluate`, and told there.
    """
    with contextlib.suppress(Exception):
        make_space(request.space)
        splits(request.task, device)


def architecture_of(request: Request) -> Any:
    """Return the architecture of a request."""
    return make_space(request.space).parse(request.architecture)


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


def _trained(
    request: Request, task: TrainingTask, cost: Cost, device: torch.device, report: Report
) -> Evaluation:
    _, result = train_child(request, device, report)
    if result.diverged:
        error = f"{result.reason} in epoch {result.epochs + 1}"
        return failed("diverged", error, cost, result.curves, result.seconds)
    metrics = task.measure(result.curves)
    return Evaluation("ok", metrics, result.curves, *cost, seconds=result.seconds)


def train_child(
    request: Request, device: torch.device, report: Report = unheard
) -> tuple[nn.Module, Training]:
    """The trained child of a request, and what came of its training.

    Raises:
        NASError: If the data is missing or corrupt.
    """
    start = time.perf_counter()
    task = training_task(request.task)
    recipe = task_recipe(task, request.recipe)
    data = splits(request.task, device)
    read = time.perf_counter() - start
    child, result = train_on(request, recipe, data, device, report)
    result.seconds["build"] += read
    return child, result


def train_on(
    request: Request, recipe: Recipe, data: TrainingData, device: torch.device, report: Report
) -> tuple[nn.Module, Training]:
    """Train the child of a request by a recipe on data that is there."""
    start = time.perf_counter()
    task = training_task(request.task)
    with settled(recipe, request.child_seed, device):
        space = make_space(request.space)
        child = space.build(architecture_of(request), task.input_shape, task.outputs).to(device)
        built = time.perf_counter() - start
        train = _catalogue.resolve(recipe.engine)
        result = train(child, data, recipe, seed=request.child_seed, device=device, report=report)
    result.seconds["build"] = built
    return child, result


def task_recipe(task: Task, settings: Any) -> Recipe:
    """The recipe of plain JSON values, of the kind that the task trains by."""
    kind = type(next(iter(task.recipes.values())))
    return from_mapping(kind, settings, "recipe setting")


@contextlib.contextmanager
def settled(recipe: Recipe, seed: int, device: torch.device) -> Iterator[None]:
    """Seeds, threads and kernels as the recipe wants them; the caller's are put back."""
    threads = torch.get_num_threads()
    devices = [device] if device.type == "cuda" else []
    with (
        torch.random.fork_rng(devices),
        torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True),
    ):
        torch.manual_seed(seed)
        torch.set_num_threads(getattr(recipe, "threads", 1))
        try:
            yield
        finally:
            torch.set_num_threads(threads)


def failed(
    status: Status, error: str, cost: Cost | None = None, curves: Any = None, seconds: Any = None
) -> Evaluation:
    """The evaluation of a child that came to nothing."""
    return Evaluation(
        status, {}, curves or {}, *(cost or (None, None)), error=error, seconds=seconds or {}
    )


def _one_line(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__
