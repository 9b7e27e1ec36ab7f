"""A batch that does not fit the memory: it is cut into parts, whose gradients are added up."""

import dataclasses
import json

import pytest
import torch
from rich.console import Console
from torch import nn

from nas_env.evaluation import evaluate
from nas_env.evaluation._child import fitted
from nas_env.evaluation._room import predicted_memory
from nas_env.evaluation.workers import WorkerSettings, WorkersEvaluator
from nas_env.problem import Problem
from nas_env.records import Evaluation
from nas_env.run.store import open_store
from nas_env.search.observers import SmallerBatches
from nas_env.training import images, language
from nas_env.training.augmentation import ImageData
from nas_env.training.image_recipe import ImageRecipe
from nas_env.training.language_recipe import LanguageRecipe
from nas_env.training.text import LanguageData
from search_spaces import published_architecture
from search_spaces.convolutional import ConvolutionalSpace
from search_spaces.recurrent_cell import RecurrentCellSpace

CPU = torch.device("cpu")
PLAIN = {"precision": "float32", "upsample": 0, "flip": False, "schedule": "constant"}


def patterns(count, seed):
    """Noisy images of 8 x 8 pixels in four classes: flat, rows, columns, a chessboard."""
    random = torch.Generator().manual_seed(seed)
    labels = torch.randint(4, (count,), generator=random)
    row, column = torch.arange(8)[:, None] % 2, torch.arange(8)[None] % 2
    ones = torch.ones(8, 8, dtype=torch.int64)
    bright = torch.stack([ones, row * ones, column * ones, (row + column) % 2])
    noise = torch.randint(120, (count, 8, 8), generator=random)
    return (noise + 100 * bright[labels]).byte()[..., None], labels


DATA = ImageData(*patterns(100, 0), *patterns(60, 1))


def trained(child, pieces, seed=0, **settings):
    recipe = ImageRecipe(**{"epochs": 2, "batch_size": 16, **PLAIN, **settings})
    return images.train(child, DATA, recipe, seed=seed, device=CPU, pieces=pieces)


def plain_child():
    """A network that normalises nothing, and keeps how many images it was given."""
    torch.manual_seed(0)
    layers = nn.Conv2d(1, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(6 * 36, 4)
    child, child.seen = nn.Sequential(*layers), []
    child.register_forward_pre_hook(lambda child, given: child.seen.append(len(given[0])))
    return child


@pytest.mark.parametrize("pieces", [2, 3, 8])
@pytest.mark.parametrize("settings", [{}, {"flip": True, "upsample": 10, "label_smoothing": 0.1}])
def test_the_gradient_of_the_parts_is_that_of_the_batch(pieces, settings):
    whole, cut = plain_child(), plain_child()
    expected, found = trained(whole, 1, **settings), trained(cut, pieces, **settings)
    for one, other in zip(whole.parameters(), cut.parameters(), strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-5)
    assert found.curves["training_loss"] == pytest.approx(expected.curves["training_loss"])
    assert whole.seen == [*[16] * 6, 60] * 2
    assert sum(cut.seen) == sum(whole.seen)
    assert sorted(set(cut.seen))[-2] == -(-16 // pieces)  # the largest but the validation's


def test_validation_is_cut_as_well():
    """Of as many images as memory was thought to have room for, a part at once."""
    child, recipe = plain_child(), ImageRecipe(**PLAIN)
    whole = images.validate(child, DATA.views(recipe), recipe)
    assert images.validate(child, DATA.views(recipe), recipe, pieces=20) == whole
    assert child.seen == [60, 50, 10]


def test_no_part_has_fewer_than_two_images():
    """Also of a batch that is smaller than the recipe's, since the images are few."""
    child = plain_child()
    trained(child, 8, images=5, epochs=1)
    assert child.seen[:2] == [3, 2]
    assert ImageRecipe(batch_size=64).most_pieces == 32
    assert [ImageRecipe(batch_size=size).most_pieces for size in (2, 3, 5)] == [1, 1, 2]


def test_a_network_that_normalises_the_parts_learns_as_well():
    space = ConvolutionalSpace(layers=2, filters=(6,), filter_sizes=(3,))

    def accuracy(seed, pieces):
        torch.manual_seed(seed)
        child = space.build(space.decode([0] * space.length()), (1, 8, 8), 4)
        settings = {"epochs": 6, "learning_rate": 0.05}
        return trained(child, pieces, seed, **settings).curves["validation_accuracy"][-1]

    for pieces in (1, 4):
        assert sum(accuracy(seed, pieces) for seed in range(3)) / 3 > 0.9


@pytest.mark.parametrize("loss", ["mean", "sum_over_steps"])
@pytest.mark.parametrize("pieces", [2, 4, 20])
def test_a_text_is_learned_the_same_in_parts_of_its_columns(loss, pieces):
    space = RecurrentCellSpace(hidden=6, dropout=0.0)
    symbols = torch.randint(9, (700,), generator=torch.Generator().manual_seed(0))
    text = LanguageData(symbols[:500], symbols[500:], 9, margins=True)
    recipe = LanguageRecipe(
        epochs=2, batch_size=10, steps=7, loss=loss, learning_rate=0.5, precision="float32"
    )

    def curves(pieces):
        torch.manual_seed(0)
        child = space.build(space.parse(published_architecture("lstm")), (1,), 9)
        return language.train(child, text, recipe, seed=0, device=CPU, pieces=pieces).curves, child

    (expected, whole), (found, cut) = curves(1), curves(pieces)
    assert set(found) == set(expected) and len(found) == 3
    for name, curve in expected.items():
        assert found[name] == pytest.approx(curve, rel=1e-5)
    for one, other in zip(whole.parameters(), cut.parameters(), strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-5)


# -- a child that runs out of memory -------------------------------------------------------------
def problem(task="faulty:LargeImages", **recipe):
    return Problem(
        {"name": task, "train_size": 64, "validation_size": 16},
        "convolutional",
        layers=4,
        filters=[32],
        filter_sizes=[1],
        skip_connections=False,
        recipe={"batch_size": 64, "precision": "float32", **recipe},
        device="cpu",
    )


def request(made):
    return made.request(made.space.decode([0] * made.space.length()))


@pytest.mark.parametrize(
    ("fits", "asked", "status"),
    [(1, [1], "ok"), (2, [1, 2], "ok"), (9, [1, 2, 4, 8, 16], "ok"), (99, None, "out_of_memory")],
)
def test_the_parts_are_twice_as_many_each_time(fits, asked, status):
    tried = []

    def train(pieces):
        tried.append(pieces)
        return Evaluation("ok" if pieces >= fits else "out_of_memory")

    found = fitted(request(problem()), train)
    assert (found.status, found.pieces) == (status, tried[-1])
    assert tried == (asked or [1, 2, 4, 8, 16, 32])  # of 64 images no more than two a part


def test_only_too_little_memory_is_a_reason():
    found = fitted(request(problem()), lambda pieces: Evaluation("failed", error=str(pieces)))
    assert (found.error, found.pieces) == ("1", 1)


def test_an_engine_that_cuts_no_batch_is_asked_once():
    sine = Problem("elsewhere.sine:Sine", "elsewhere.widths:Widths", device="cpu")
    asked = sine.request(sine.space.decode([0] * sine.space.length()))
    assert fitted(asked, lambda pieces: Evaluation("out_of_memory")).pieces == 1


def test_a_batch_that_does_not_fit_a_worker_is_cut():
    """A real network, whose batch takes more than the worker may; it is rehearsed in parts too."""
    made = problem()
    evaluator = WorkersEvaluator(CPU, open_store(), WorkerSettings(1, memory_limit=1))
    try:
        rehearsals = evaluator.rehearse(request(made), 1)
        found = evaluator.submit(request(made)).result()
    finally:
        evaluator.close()
    assert found.status == "ok" and 1 < found.pieces < 32
    assert len(rehearsals) == 1 and min(rehearsals[0]) > 0
    assert evaluator.work.ended == 1, "one child"
    assert evaluate(request(made), CPU).pieces == 1  # no limit here


def test_a_part_takes_a_part_of_the_memory():
    wanted = request(problem())
    whole, half = predicted_memory(wanted), predicted_memory(wanted, 2)
    assert 0.5 < half / whole < 0.51  # the parameters take what they take


def test_what_was_kept_before_there_were_parts_is_read():
    kept = dataclasses.asdict(Evaluation("ok", {"validation_accuracy": 0.5}))
    del kept["pieces"]
    assert Evaluation.from_json(json.dumps(kept)).pieces == 1
    cut = Evaluation("ok", pieces=4)
    assert Evaluation.from_json(cut.to_json()) == cut
    assert "pieces" not in cut.public()


def test_a_search_says_it_once(capsys):
    observer = SmallerBatches(Console(width=40), problem(batch_size=50))
    told = [(2, "out_of_memory"), (1, "ok"), (4, "ok"), (2, "diverged")]
    for number, (pieces, status) in enumerate(told, 1):
        observer.child(number, {"status": status, "pieces": pieces}, None)
    assert capsys.readouterr().out == (
        "child 3: a batch of 50 does not fit the memory: trained in 4 parts of at most 13 "
        "(docs/training.md)\n"
    )
