"""A training that is killed continues inside itself, bit for bit: the engines' part."""

import json

import pytest
import torch
from torch import nn

from nas_env.training import images, language
from nas_env.training.augmentation import ImageData
from nas_env.training.checkpoints import Checkpoints, State
from nas_env.training.image_recipe import ImageRecipe
from nas_env.training.language_recipe import LanguageRecipe
from nas_env.training.outcome import timed
from nas_env.training.text import LanguageData
from search_spaces import published_architecture
from search_spaces.convolutional import ConvolutionalSpace
from search_spaces.recurrent_cell import RecurrentCellSpace
from search_spaces.staged import StagedSpace

CPU = torch.device("cpu")


class Killed(Exception):
    """The training ended here."""


class Kept(Checkpoints):
    """Keeps the last checkpoint as a file would, and ends the training after a step of this leg."""

    def __init__(self, ends=0):
        self.ends, self.steps, self.last = ends, 0, None

    def restore(self, steps, result):
        if self.last is not None:
            tensors, values, spent = self.last
            steps.load_state(State(tensors, json.loads(values)))
            result.load_spent(json.loads(spent))

    def keep(self, steps, result):
        self.steps += 1
        state = steps.state()
        tensors = {name: each.clone().contiguous() for name, each in state.tensors.items()}
        self.last = tensors, json.dumps(state.values), json.dumps(result.spent())
        if self.steps == self.ends:
            raise Killed

    def next_leg(self, ends):
        self.ends, self.steps = ends, 0
        return self


def image_data():
    random = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (60, 6, 6, 3), generator=random).byte()
    return ImageData(pixels[:40], torch.arange(40) % 3, pixels[40:], torch.arange(20) % 3)


CHAIN = ConvolutionalSpace(layers=2, filters=(6,), filter_sizes=(3,))


def image_training(checkpoints, pieces=1, final=False, space=CHAIN, **settings):
    torch.manual_seed(0)
    child = space.build(space.decode([0] * space.length()), (3, 6, 6), 3)
    child = nn.Sequential(child, nn.Dropout(0.1))
    plain = {"epochs": 2, "batch_size": 16, "upsample": 0, "precision": "float32"}
    recipe = ImageRecipe(**{**plain, **settings})
    result = images.train(
        child,
        image_data(),
        recipe,
        seed=3,
        device=CPU,
        pieces=pieces,
        tested=image_data if final else None,
        checkpoints=checkpoints,
    )
    return child, result


def text_training(checkpoints, pieces=1, final=False, cell="nascell", **settings):
    space = RecurrentCellSpace(hidden=6, dropout=0.3, recurrent_dropout=0.2, masks="sequence")
    symbols = torch.randint(9, (160,), generator=torch.Generator().manual_seed(0))
    text = LanguageData(symbols[:120], symbols[120:], 9, margins=True)
    plain = {"epochs": 3, "batch_size": 4, "steps": 5, "symbols": 60, "precision": "float32"}
    recipe = LanguageRecipe(**{**plain, **settings})
    torch.manual_seed(0)
    child = space.build(space.parse(published_architecture(cell)), (1,), 9)
    result = language.train(
        child,
        text,
        recipe,
        seed=3,
        device=CPU,
        pieces=pieces,
        tested=(lambda: text) if final else None,
        checkpoints=checkpoints,
    )
    return child, result


MODERN = {
    "averaging": 0.9,
    "alternate_flip": True,
    "cutout": 2,
    "padding": 1,
    "schedule": "triangular",
    "images": 36,
    "weight_decay": 1e-3,
    "decay_vectors": False,
}
RECORD = {
    "space": StagedSpace(layers=2, filters=(6,)),
    "lookahead": 2,
    "fitted_epochs": 1,
    "padding": 1,
    "reflect": True,
    "validation_shift": 1,
}
CASES = {
    "paper": (image_training, {}),
    "modern": (image_training, MODERN),
    "modern, in pieces, final": (image_training, {**MODERN, "pieces": 2, "final": True}),
    "record": (image_training, RECORD),
    "orthogonal steps": (image_training, {"filter_rate": 0.1}),
    "images that grow": (image_training, {"first_resolution": 4, "growth": 0.9}),
    "record, final": (image_training, {**RECORD, "final": True}),
    "without momentum": (image_training, {"momentum": 0.0}),
    "bfloat16": (image_training, {"precision": "bfloat16", "upsample": 8}),
    "text": (text_training, {}),
    "text by Adam": (text_training, {"optimiser": "adam", "learning_rate": 0.01}),
    "text, in pieces, final": (text_training, {"pieces": 3, "final": True}),
    "text in bfloat16": (text_training, {"precision": "bfloat16", "cell": "lstm"}),
}


def same(found, expected):
    (child, result), (other, wanted) = found, expected
    assert result.curves == wanted.curves and result.tested == wanted.tested
    assert child.state_dict().keys() == other.state_dict().keys()
    for name, each in child.state_dict().items():
        assert torch.equal(each, other.state_dict()[name]), name


@pytest.mark.parametrize("train, settings", CASES.values(), ids=CASES)
def test_killed_after_any_step_it_ends_as_if_it_never_was(train, settings):
    kept = Kept()
    expected = train(kept, **settings)
    same(expected, train(Checkpoints(), **settings))
    assert kept.steps > 3
    for step in range(1, kept.steps + 1):
        checkpoints = Kept(ends=step)
        with pytest.raises(Killed):
            train(checkpoints, **settings)
        found = train(checkpoints.next_leg(0), **settings)
        assert checkpoints.steps == kept.steps - step
        same(found, expected)


@pytest.mark.parametrize("train", [image_training, text_training])
def test_killed_after_every_step_it_ends_as_if_it_never_was(train):
    checkpoints = Kept()
    while True:
        try:
            found = train(checkpoints.next_leg(1))
        except Killed:
            continue
        break
    same(found, train(Checkpoints()))


def test_a_text_that_explodes_is_seen_at_the_same_step():
    settings = {"learning_rate": 1e4, "max_gradient_norm": 1e9, "epochs": 20}
    expected = text_training(Checkpoints(), **settings)[1]
    checkpoints = Kept()
    while True:
        try:
            found = text_training(checkpoints.next_leg(1), **settings)[1]
        except Killed:
            continue
        break
    assert expected.diverged and found.diverged
    assert (found.reason, found.curves) == (expected.reason, expected.curves)


def test_the_seconds_of_all_legs_are_added_up(monkeypatch):
    """Those of the steps that count: what was done after the last checkpoint does not."""
    clock = iter(range(100))
    monkeypatch.setattr("time.perf_counter", lambda: next(clock))
    result = images.Training()
    with timed(result, "train"):
        kept = result.spent()
        assert kept["seconds"] == {"train": 1}
    assert result.seconds == {"train": 2}
    with timed(result, "validate"):
        pass
    assert result.seconds == {"train": 2, "validate": 1}
    later = images.Training()
    later.load_spent(kept)
    with timed(later, "train"):
        pass
    assert later.seconds == {"train": 2} and kept["seconds"] == {"train": 1}


def test_cpu_seconds_are_counted_in_both_parts():
    _, result = image_training(Checkpoints())
    assert result.cpu_seconds > 0 and result.seconds.keys() == {"train", "validate"}
