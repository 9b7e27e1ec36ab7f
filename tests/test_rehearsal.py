"""What an evaluation will cost, from a child's first steps."""

import gymnasium
import numpy as np
import pytest
import torch

import nas_env  # noqa: F401 - registers the environments
from nas_env.evaluation import evaluate
from nas_env.evaluation._job import Job
from nas_env.evaluation._rehearsal import rehearse
from nas_env.training import language
from nas_env.training.augmentation import ImageData
from nas_env.training.image_recipe import ImageRecipe
from nas_env.training.images import _Steps as ImageSteps
from nas_env.training.language_recipe import LanguageRecipe
from nas_env.training.text import LanguageData

CPU = torch.device("cpu")
IMAGES = {
    "id": "NAS-Digits-v0",
    "task": {"name": "digits", "train_size": 96, "validation_size": 32},
    "layers": 1,
}
TEXT = {
    "id": "NAS-PyDocs-v0",
    "task": {"name": "python_docs", "train_size": 2_000, "validation_size": 500},
    "hidden": 4,
}


def image_data(train, validation):
    return ImageData(
        torch.zeros((train, 4, 4, 1), dtype=torch.uint8),
        torch.zeros(train, dtype=torch.int64),
        torch.zeros((validation, 4, 4, 1), dtype=torch.uint8),
        torch.zeros(validation, dtype=torch.int64),
    )


@pytest.mark.parametrize(
    "settings", [{}, {"images": 40}, {"images": 9}, {"batch_size": 200}], ids=str
)
def test_a_part_of_the_images_takes_the_steps_that_it_was_cut_for(settings):
    recipe = ImageRecipe(**{"batch_size": 16, "upsample": 0, **settings})
    data = image_data(100, 20)
    assert data.sizes == (100, 20)
    for steps in (1, recipe.steps_an_epoch(100)):
        part = data.part(recipe.examples_of(steps), 10)
        assert part.sizes == (min(100, steps * recipe.batch_size), 10)
        views = part.views(recipe)
        child = torch.nn.Linear(1, 1)
        assert ImageSteps(child, views, recipe, torch.Generator()).per_epoch == steps


@pytest.mark.parametrize("symbols", [None, 60])
@pytest.mark.parametrize("length", [5, 40, 400])
def test_a_part_of_a_text_takes_the_steps_that_it_was_cut_for(symbols, length):
    recipe = LanguageRecipe(batch_size=4, steps=5, symbols=symbols)
    text = torch.arange(length)
    data = LanguageData(text, text[:7], length)
    assert data.sizes == (length, min(length, 7))

    def steps_of(data):
        steps = language._Steps(torch.nn.Linear(1, 1), data, recipe, CPU)
        assert len(steps.stretches) >= steps.per_epoch
        return steps.per_epoch

    whole = steps_of(data)
    assert whole == recipe.steps_an_epoch(length)
    for steps in {1, whole}:
        assert steps_of(data.part(recipe.examples_of(steps), 3)) == steps


@pytest.mark.parametrize("keywords", [IMAGES, TEXT], ids=["images", "text"])
def test_the_rehearsal_is_of_the_whole_training_and_changes_none(keywords):
    with gymnasium.make(**keywords, recipe={"epochs": 2}) as environment:
        problem = environment.unwrapped.problem
        tokens = problem.space.sample(np.random.default_rng(0))
        request = problem.request(problem.space.decode(tokens))
        before = evaluate(request, CPU)
        rehearsal = rehearse(Job(request), CPU)
        assert rehearsal is not None
        assert rehearsal.examples == keywords["task"]["train_size"]
        assert min(rehearsal) > 0
        assert evaluate(request, CPU).curves == before.curves


def test_twice_the_epochs_take_twice_as_long(monkeypatch):
    """By a clock that counts the calls of it: what is measured is the same in both."""
    seconds = iter(range(10**6))
    monkeypatch.setattr("time.perf_counter", lambda: next(seconds))

    def rehearsed(epochs):
        with gymnasium.make(**IMAGES, recipe={"epochs": epochs, "batch_size": 32}) as environment:
            problem = environment.unwrapped.problem
            request = problem.request(problem.space.decode([0] * problem.space.length()))
            return rehearse(Job(request), CPU)

    once, twice = rehearsed(1), rehearsed(2)
    assert (once.train, once.validate) == (3, 1)  # 96 images in batches of 32; one second each
    assert (twice.train, twice.validate) == (6, 2)


def test_a_part_of_the_validation_text_takes_a_part_of_the_time(monkeypatch):
    """By the same clock: one look at the text takes a second, however long it is."""
    seconds = iter(range(10**6))
    monkeypatch.setattr("time.perf_counter", lambda: next(seconds))
    small = {"epochs": 1, "batch_size": 2, "steps": 5, "validation_symbols": 110}
    with gymnasium.make(**TEXT, recipe=small) as environment:
        problem = environment.unwrapped.problem
        request = problem.request(problem.space.decode([0] * problem.space.length()))
        rehearsal = rehearse(Job(request), CPU)
    guessed_in_a_second = 2 * (5 + 1)  # one stretch of the two columns, and what is guessed last
    assert rehearsal.validate == pytest.approx(110 / guessed_in_a_second)


@pytest.mark.parametrize(
    ("evaluator", "expected"), [("in_process", 1), ({"name": "workers", "workers": 2}, 2)], ids=str
)
def test_every_worker_rehearses_where_it_trains(evaluator, expected):
    with gymnasium.make(**IMAGES, recipe={"epochs": 1}, evaluator=evaluator) as environment:
        problem = environment.unwrapped.problem
        request = problem.request(problem.space.decode([0] * problem.space.length()))
        assert problem.evaluator.capacity == expected
        found = problem.evaluator.rehearse(request, 5)
        assert len(found) == expected
        assert all(each.examples == 96 and min(each) > 0 for each in found)
        assert problem.evaluator.work.begun == 0, "no child of the search"
        assert problem.evaluator.submit(request).result().status == "ok"


def test_a_worker_whose_rehearsal_fails_is_replaced():
    recipe = {"fault": "exit"}
    task = {"name": "faulty:FaultyImages", "train_size": 64, "validation_size": 32}
    evaluator = {"name": "workers", "workers": 1}
    environment = gymnasium.make(
        "NAS-Digits-v0", layers=1, task=task, recipe=recipe, evaluator=evaluator
    )
    with environment:
        problem = environment.unwrapped.problem
        request = problem.request(problem.space.decode([0] * problem.space.length()))
        assert problem.evaluator.rehearse(request, 1) == []
        assert problem.evaluator.submit(request).result().status == "died"


def test_a_child_that_cannot_be_trained_is_not_rehearsed():
    with gymnasium.make(**IMAGES, recipe={"learning_rate": 1e30, "epochs": 3}) as environment:
        problem = environment.unwrapped.problem
        request = problem.request(problem.space.decode([0] * problem.space.length()))
        assert rehearse(Job(request), CPU) is None
