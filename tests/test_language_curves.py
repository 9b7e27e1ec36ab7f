"""The trainings of the known language models, an epoch at a time."""

import json
import math
from dataclasses import replace

import pytest
import torch
from safetensors import safe_open

from benchmarks.language_beginnings import one_bias, so_far
from benchmarks.language_curves import CURVE, KNOWN, Known, Options, State, figures
from nas_env.training.language import train
from nas_env.training.language_recipe import LanguageRecipe
from nas_env.training.text import LanguageData

TINY = LanguageRecipe(epochs=3, batch_size=2, steps=5, decay_factor=0.5, decay_from=1)


@pytest.fixture
def data():
    symbols = torch.randint(7, (160,), generator=torch.Generator().manual_seed(0))
    return LanguageData(symbols[:120], symbols[120:], vocabulary=7)


def known(monkeypatch, dropout):
    settings = {"hidden": 5, "dropout": dropout, "init_range": 0.1}
    monkeypatch.setitem(KNOWN, "tiny", Known("lstm", TINY, settings))
    return KNOWN["tiny"]


def test_epochs_one_by_one_are_the_whole_training(data, monkeypatch, tmp_path):
    child = known(monkeypatch, 0.0).model(data.vocabulary, 0)
    whole = train(child, data, TINY.resolved("cpu"), seed=0, device=torch.device("cpu"))
    for _ in range(TINY.epochs):  # each from the file of the one before
        State("tiny", Options(folder=tmp_path)).train(data)
    found = State("tiny", Options(folder=tmp_path)).curves
    assert found[CURVE] == whole.curves[CURVE]
    assert found["training_loss"] == whole.curves["training_loss"]


def test_an_interrupted_training_goes_on_where_it_was(data, monkeypatch, tmp_path):
    known(monkeypatch, 0.5)
    options = [Options(folder=tmp_path / name) for name in ("whole", "parts")]
    for each in options:
        each.folder.mkdir()
    state = State("tiny", options[0])
    for _ in range(2):
        state.train(data)
        State("tiny", options[1]).train(data)
    parts = State("tiny", options[1])
    assert (state.epoch, parts.curves[CURVE]) == (2, state.curves[CURVE])
    with safe_open(parts.file, "pt") as kept:
        assert json.loads(kept.metadata()["curves"]) == parts.curves
    assert [*figures(options[1])["measured"]] == ["tiny"]


def test_the_models_and_their_rates_are_those_of_their_papers():
    rates = {name: [model.recipe.rate(n) for n in range(8)] for name, model in KNOWN.items()}
    assert rates["small"] == [1, 1, 1, 1, 1 / 2, 1 / 4, 1 / 8, 1 / 16]
    assert rates["medium"] == rates["nascell"] == pytest.approx([1] * 6 + [1 / 1.2, 1 / 1.2**2])
    assert [model.recipe.epochs for model in KNOWN.values()] == [13, 39, 35]
    with torch.device("meta"):
        models = [model.model(10_000, 0) for model in KNOWN.values()]
    small, medium, nascell = (sum(p.numel() for p in each.parameters()) for each in models)
    assert small == 2 * 10_000 * 200 + 10_000 + 2 * (8 * 200**2 + 8 * 200)
    assert medium == 2 * 10_000 * 650 + 10_000 + 2 * (8 * 650**2 + 8 * 650)
    assert nascell == pytest.approx(medium, rel=0.01)


def test_the_perplexity_so_far_is_that_of_all_words_until_then():
    assert so_far([math.log(4), 0.0, math.log(8)], [1, 2, 3]) == {1: 4.0, 2: 2.0, 3: 3.175}


def test_one_bias_of_each_gate_starts_at_zero(data):
    child = KNOWN["small"].model(data.vocabulary, 0)
    one_bias(child)
    recipe = replace(TINY, epochs=1).resolved("cpu")
    train(child, data, recipe, seed=0, device=torch.device("cpu"))
    biases = {name: value for name, value in child.core.named_parameters() if "bias" in name}
    assert len(biases) == 4
    assert all(value.any() == ("bias_ih" in name) for name, value in biases.items())
