"""Checks of a task."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np

from nas_env.errors import TestSetSealed
from nas_env.evaluation import task_recipe
from nas_env.parts import task_objective
from nas_env.tasks import Task, TrainingTask, make_task, sealed_test_set
from nas_env.testing._asked import timeless
from nas_env.testing._broken import expect, expect_refusal, run_checks
from nas_env.testing._posed import Named, Posed
from search_spaces import _catalogue, make_space
from search_spaces._settings import named


def settings_are_json(posed: Posed) -> None:
    """A task is made again from its spec, and is equal to it."""
    task, where = posed.task, posed.method("spec")
    again = make_task(json.loads(json.dumps(task.spec)))
    expect(again == task, where, f"a spec that makes {task}", again)
    expect(pickle.loads(pickle.dumps(task)) == task, where, "a task to pickle")
    whole = type(task.version) is int and task.spec.get("version") == task.version
    expect(whole, posed.method("version"), "a whole number, which the spec has", task.version)
    names = {field.name for field in fields(task)}
    for method, found in (
        ("limits", task.limits),
        ("source", task.source),
        ("told", task.told),
    ):
        expect(set(found) <= names, posed.method(method), "names of settings", found)
    expect(task.settled() == task, posed.method("settled"), "a settled task as it is", task)


def its_data_is_described(posed: Posed) -> None:
    """The notes on the data are lines, and its facts are JSON values."""
    task = posed.task
    lines = all(type(note) is str and note and "\n" not in note for note in task.notes)
    expect(lines, posed.method("notes"), "texts of one line", list(task.notes))
    facts = dict(task.facts)
    expect(json.loads(json.dumps(facts)) == facts, posed.method("facts"), "JSON", facts)
    names = [metric.name for metric in task.metrics]
    first = names[:1] == [task.metric.name] and len(set(names)) == len(names)
    expect(first, posed.method("metrics"), f"different ones, {task.metric.name} first", names)
    guessed = set(task.guessing) <= set(names)
    expect(guessed, posed.method("guessing"), f"names among {names}", dict(task.guessing))


def recipes_are_json(posed: Posed) -> None:
    """Each recipe is made again from its spec, and names an engine that can be imported."""
    task, where = posed.task, posed.method("default_recipes")
    expect("cpu" in task.default_recipes, where, "a recipe for 'cpu'", dict(task.default_recipes))
    known = set(task.default_recipes.values()) <= set(task.recipes)
    expect(known, where, f"names among {sorted(task.recipes)}", dict(task.default_recipes))
    for name, recipe in task.recipes.items():
        resolved = recipe.resolved("cpu")
        again = task_recipe(task, json.loads(json.dumps(resolved.spec)))
        expect(again == resolved, posed.method("recipes"), f"a {name!r} made by its spec", again)
        if task.trains:
            engine = _catalogue.resolve(recipe.engine)
            expect(callable(engine), posed.method("recipes"), "a function to train by", engine)


def environments_are_json(posed: Posed) -> None:
    """The keyword arguments of an id are JSON values, and name a space."""
    where = posed.method("environments")
    for id, keywords in posed.task.environments.items():
        expect(json.loads(json.dumps(keywords)) == dict(keywords), where, "JSON", keywords)
        versioned = id.rpartition("-v")[2].isdigit()
        expect(versioned, where, "ids that end with -v and a number", repr(id))
        space = keywords.get("space") or posed.task.space
        expect(space, where, f"a space of {id}", keywords)
        make_space(named(space or "", "space")[0])


def its_objective_can_reward_it(posed: Posed) -> None:
    """The task's objective is for one of its metrics, which say whether more of them is better."""
    task, where = posed.task, posed.method("objective")
    found = task_objective(task)
    known = found.metric in task.metrics
    expect(known, where, f"an objective of one of {task.metrics}", found.metric)
    for metric in task.metrics:
        validated = metric.name.startswith("validation_")
        expect(validated, posed.method("metric"), "a name with validation_ in front", metric)


def the_test_split_is_sealed(posed: Posed) -> None:
    """The test split is read for the final training only, and never while a child is trained."""
    task = posed.task
    if not isinstance(task, TrainingTask):
        return
    task.verify()
    expect(task.test_data() is not None, posed.method("_read_test_data"), "data", None)
    with sealed_test_set():
        where = posed.method("test_data")
        expect_refusal(task.test_data, TestSetSealed, where, "a read while a child is trained")
        task.search_data()


def the_data_is_what_it_says(posed: Posed) -> None:
    """The data has examples in both splits, and parts of it have as many as asked."""
    task, where = posed.task, posed.method("search_data")
    if not isinstance(task, TrainingTask):
        return
    task.verify()
    line = type(task.licence) is str and "\n" not in task.licence
    expect(line, posed.method("licence"), "a text of one line", task.licence)
    data, again = task.search_data(), task.search_data()
    some = min(data.sizes) > 0 and data.sizes == again.sizes
    expect(some, where, "the same examples in both splits at each call", (data.sizes, again.sizes))
    asked = tuple((size + 1) // 2 for size in data.sizes)
    found = data.part(*asked).sizes
    expect(found == asked, f"{type(data).__name__}.part", f"{asked} examples", found)
    with posed.problem() as problem:
        problem.verify_data()


def children_are_measured(posed: Posed) -> None:
    """A child is ok, has its metric, and has the same again."""
    posed.task.verify()
    evaluations = []
    for _ in range(2):
        with posed.problem() as problem:
            tokens = problem.space.sample(np.random.default_rng(3))
            ((_, evaluation),) = problem.evaluate([tokens])
            where = posed.method("measure" if posed.task.trains else "make_function")
            expect(evaluation.status == "ok", where, "a child that is ok", f"{evaluation}")
            name = problem.task.metric.name
            for each in problem.task.metrics:
                measured = evaluation.metrics
                expect(each.name in measured, where, f"the metric {each.name}", measured)
            interval = problem.task.interval(evaluation.metrics)
            around = interval is None or interval[0] <= evaluation.metrics[name] <= interval[1]
            expect(around, posed.method("interval"), f"one around {evaluation.metrics}", interval)
            finite = all(np.isfinite(value) for value in evaluation.metrics.values())
            expect(finite, where, "finite metrics", evaluation.metrics)
            reward, failure = problem.objective.reward(evaluation), problem.objective.failure_reward
            expected = f"a failure reward of at most {reward}, a child's that is ok"
            expect(failure <= reward, posed.method("objective"), expected, failure)
            evaluations.append(timeless(evaluation))
    one, again = evaluations
    expect(again == one, posed.method("search_data"), f"{one} again", again)


def limits_hold(posed: Posed) -> None:
    """A child above a limit of the task is not trained."""
    if not posed.task.limits:
        return
    small = replace(posed.task, **{"max_parameters": 1})
    with replace(posed, task=small).problem() as problem:
        tokens = problem.space.sample(np.random.default_rng(3))
        ((_, evaluation),) = problem.evaluate([tokens])
    expect(evaluation.status == "too_large", posed.method("limits"), "too_large", evaluation.status)


#: What every task keeps, one function for each part of the contract.
TASK_CHECKS = (
    settings_are_json,
    its_data_is_described,
    recipes_are_json,
    environments_are_json,
    its_objective_can_reward_it,
    the_test_split_is_sealed,
    the_data_is_what_it_says,
    children_are_measured,
    limits_hold,
)


def check_task(
    task: Task | Named, space: Named | None = None, recipe: Mapping[str, Any] | None = None
) -> None:
    """Check that a task keeps its contract; two small children are trained.

    Args:
        task: A task, its name (``"package.module:NAME"``), or a mapping of name and settings, such
            as those that make it use little of its data.
        space: Search space of small children, by name and settings; None for that of the first of
            the task's ``environments``.
        recipe: Settings that make a training short, such as ``{"epochs": 1}``.

    Raises:
        ContractBroken: If it does not; the message says what was expected of which method.
        DataNotFound: If its data is not there.

    Example:
        >>> small = {"name": "digits", "train_size": 64, "validation_size": 64}
        >>> check_task(small, {"name": "convolutional", "layers": 1}, {"epochs": 1})
    """
    made = task if isinstance(task, Task) else make_task(task)
    run_checks(TASK_CHECKS, Posed(made.settled(), space, recipe))
