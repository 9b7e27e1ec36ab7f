"""Training on text: perplexity, the carried state, divergence; the language tasks."""

import json
import math
import os
from collections.abc import Mapping
from itertools import chain, pairwise
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from nas_env.command_line.train import main
from nas_env.errors import DataCorrupt, DataNotFound, InvalidValue, TestSetSealed
from nas_env.evaluation._child import evaluate
from nas_env.parts import task_objective
from nas_env.problem import Problem
from nas_env.records import Evaluation
from nas_env.tasks import LanguageTask, make_task, sealed_test_set
from nas_env.tasks._penn_treebank import _numbered, _vocabulary
from nas_env.tasks.python_docs import PythonDocs, divided
from nas_env.training import cross_entropy as entropy
from nas_env.training import language
from nas_env.training.cross_entropy import cross_entropy
from nas_env.training.language import train
from nas_env.training.language_recipe import LanguageRecipe
from nas_env.training.perplexity import perplexity
from nas_env.training.text import LanguageData, columns, stretches
from search_spaces import UnknownName
from search_spaces._settings import from_mapping

CPU = torch.device("cpu")
SMALL = {"hidden": 6, "cell_layers": 1, "dropout": 0.0}
FEW = {"name": "python_docs", "train_size": 400, "validation_size": 100}


class LSTM(nn.Module):
    """A tiny language model of torch's own LSTM."""

    def __init__(self, vocabulary=6, hidden=12, dropout=0.0, seed=0):
        super().__init__()
        torch.manual_seed(seed)
        self.embedding = nn.Embedding(vocabulary, hidden)
        self.core = nn.LSTM(hidden, hidden)
        self.dropout = nn.Dropout(dropout)
        self.softmax = nn.Linear(hidden, vocabulary)
        self.seen = []

    def initial_state(self, batch):
        self.seen.append("begin")
        return tuple(torch.zeros(1, batch, self.core.hidden_size) for _ in "hc")

    def forward(self, symbols, state):
        self.seen.append((self.training, tuple(symbols.shape)))
        h, state = self.core(self.embedding(symbols), state)
        logits = self.softmax(self.dropout(h))
        self.dtype = logits.dtype
        return logits, state


class Bigrams(nn.Module):
    """A model whose logits are the row of the last symbol in a table; ``look`` may change them."""

    def __init__(self, vocabulary=6, look=lambda call, logits: logits):
        super().__init__()
        torch.manual_seed(0)
        self.table = nn.Parameter(torch.randn(vocabulary, vocabulary))
        self.look, self.calls = look, 0

    def initial_state(self, batch):
        return torch.zeros(batch)

    def forward(self, symbols, state):
        self.calls += 1
        return self.look(self.calls, self.table[symbols]), state


def recipe(**changes):
    settings = {"epochs": 2, "batch_size": 4, "steps": 5, "learning_rate": 0.1}
    return LanguageRecipe(**{**settings, "precision": "float32", **changes})


def text(count, vocabulary=6, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).integers(vocabulary, size=count))


def data(count=200, held_out=60):
    return LanguageData(text(count), text(held_out, seed=1), 6)


def trained(child, given=None, seed=0, **changes):
    return train(child, given or data(), recipe(**changes), seed=seed, device=CPU)


# -- the text, cut -------------------------------------------------------------------------------
def test_columns_are_pieces_of_the_text_and_each_next_symbol_is_guessed():
    cut = columns(torch.arange(23), 4)
    assert cut.t().tolist() == [list(range(k, k + 5)) for k in (0, 5, 10, 15)]
    pairs = stretches(cut, 3)
    assert [x.shape for x, _ in pairs] == [(3, 4), (1, 4)]
    assert all(torch.equal(y, x + 1) for x, y in pairs)
    assert torch.equal(torch.cat([x for x, _ in pairs]), cut[:-1])
    assert columns(torch.arange(5), 20).shape == (2, 2)  # a text too short for its columns


def test_perplexity_by_hand():
    child, symbols = Bigrams(), text(50)
    tables = torch.log_softmax(child.table.double(), dim=1)
    column = symbols[:48].view(4, 12)
    losses = [-tables[a, b].item() for row in column for a, b in pairwise(row)]
    found = perplexity(child, symbols, recipe(steps=5))
    assert found == pytest.approx(math.exp(sum(losses) / len(losses)), rel=1e-6)
    assert len(losses) == 44
    flat = Bigrams()
    flat.table.data.zero_()
    assert perplexity(flat, symbols, recipe()) == pytest.approx(6)


def test_a_carried_state_is_one_long_unroll():
    child, symbols = LSTM(), text(200)
    found = [perplexity(child, symbols, recipe(steps=n)) for n in (1, 7, 1000)]
    assert found == pytest.approx([found[0]] * 3, rel=1e-5)
    assert child.seen.count("begin") == 3
    cut = columns(symbols, 4)
    logits, _ = child.eval()(cut[:-1], child.initial_state(4))
    loss = functional.cross_entropy(logits.flatten(0, 1), cut[1:].flatten())
    assert found[1] == pytest.approx(loss.exp().item(), rel=1e-5)


def test_the_margin_is_that_of_the_columns_losses():
    """By hand; the perplexity beside it is the same, and the recipe needs eight columns."""
    symbols, settings = text(500), {"batch_size": 10, "learning_rate": 0.0, "epochs": 1}
    plain = LanguageData(text(200), symbols, 6)
    told = LanguageData(text(200), symbols.to(torch.int16), 6, margins=True)
    curves = trained(Bigrams(), told, **settings).curves
    tables = torch.log_softmax(Bigrams().table, dim=1)
    losses = torch.stack([-tables[c[:-1], c[1:]].mean() for c in symbols.view(10, 50)])
    expected = 2.262 * losses.std().item() / math.sqrt(10)  # Student's t, 9 degrees
    assert curves["validation_loss_margin"] == pytest.approx([expected], rel=3e-3)
    expected = trained(Bigrams(), plain, **settings).curves
    assert curves["validation_perplexity"] == pytest.approx(expected["validation_perplexity"])
    assert "validation_loss_margin" not in expected
    assert "validation_loss_margin" not in trained(Bigrams(), told, batch_size=7).curves


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int32])
def test_short_numbers_give_the_same_child(dtype):
    given, long = LanguageData(text(200).to(dtype), text(60, seed=1).to(dtype), 6), data()
    assert trained(LSTM(), given).curves == trained(LSTM(), long).curves


# -- training ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "loss_of, share, longest",
    [("sum_over_steps", 1 / 4, 0.1), ("sum_over_steps", 1 / 4, 0.9), ("mean", 1 / 20, 0.1)],
)
def test_the_steps_are_truncated_back_propagation_with_clipping(loss_of, share, longest):
    """Two epochs of SGD as written out by hand, the state carried, its gradient cut.

    The loss of a step is that of Zaremba et al. 2014: summed over the 5 rows, averaged over the 4
    columns; its gradient is clipped as one vector, at a norm that it always or sometimes exceeds.
    """
    child, hand = LSTM(), LSTM()
    changes = {"learning_rate": 0.5, "decay_factor": 0.5, "decay_from": 1}
    result = trained(child, loss=loss_of, max_gradient_norm=longest, **changes)
    cut = columns(data().train, 4)  # 50 rows: 9 whole stretches of 5
    losses, norms = [], []
    for rate in (0.5, 0.25):
        h = c = torch.zeros(1, 4, 12)
        for start in range(0, 45, 5):
            x, y = cut[start : start + 5], cut[start + 1 : start + 6]
            logits, (h, c) = hand(x, (h.detach(), c.detach()))
            loss = functional.cross_entropy(logits.reshape(-1, 6), y.reshape(-1), reduction="sum")
            losses.append(loss.item() / 20)  # reported: nats a symbol
            gradients = torch.autograd.grad(share * loss, list(hand.parameters()))
            norms.append(math.sqrt(sum(g.square().sum().item() for g in gradients)))
            for weight, gradient in zip(hand.parameters(), gradients, strict=True):
                weight.data -= rate * min(1.0, longest / (norms[-1] + 1e-6)) * gradient
    assert min(norms) > 0.1 and (longest == 0.1 or min(norms) < longest < max(norms))
    torch.testing.assert_close(child.state_dict(), hand.state_dict())
    expected = [np.mean(losses[:9]), np.mean(losses[9:])]
    assert result.curves["training_loss"] == pytest.approx(expected)
    assert set(result.seconds) == {"train", "validate"}


def test_an_epoch_of_some_symbols_is_followed_by_the_next_ones():
    child = LSTM()
    inputs = []
    child.register_forward_pre_hook(lambda child, given: inputs.append(given[0]))
    trained(child, epochs=4, symbols=80, learning_rate=0.0)  # 4 of 9 stretches, then validation
    cut = [x for x, _ in stretches(columns(data().train, 4), 5)]
    of_training = [x for x, seen in zip(inputs, filter(lambda s: s != "begin", child.seen),
                                        strict=True) if seen[0]]  # fmt: skip
    assert len(of_training) == 16
    assert all(torch.equal(x, cut[k % 9]) for k, x in enumerate(of_training))
    assert child.seen.count("begin") == 2 + 4  # of the text, twice; of each validation


def test_a_part_of_the_validation_text_is_its_beginning():
    whole = data()
    beginning = LanguageData(whole.train, whole.validation[:20], 6)
    few = trained(Bigrams(), whole, validation_symbols=20).curves
    assert few == trained(Bigrams(), beginning).curves
    assert few != trained(Bigrams(), whole).curves
    assert trained(Bigrams(), whole, validation_symbols=10**6).curves == trained(Bigrams()).curves


def remembered(count, seed):
    """A symbol is the one before the last with probability 0.9, or any other."""
    rng = np.random.default_rng(seed)
    symbols = rng.integers(6, size=count)
    for i in range(2, count):
        if rng.random() < 0.9:
            symbols[i] = symbols[i - 2]
    return torch.from_numpy(symbols)


@pytest.mark.parametrize("changes", [{"optimiser": "adam", "learning_rate": 0.02}, {}], ids=str)
def test_a_child_learns(changes):
    """A stream whose best possible perplexity is 1.5; what knows only the last symbol has 6."""
    given = LanguageData(remembered(4000, 0), remembered(600, 1), 6)
    settings = {"learning_rate": 0.4, "epochs": 8, "batch_size": 10, "steps": 10, **changes}
    result = trained(LSTM(), given, **settings)
    scores = result.curves["validation_perplexity"]
    assert len(scores) == len(result.curves["training_loss"]) == 8
    assert scores[0] > 2.2 > scores[-1] and not result.diverged


def test_same_seed_same_numbers():
    """Dropout is the seed's, not the surroundings', which stay as they were."""

    def run(seed):
        child = LSTM(dropout=0.5)
        torch.rand(seed + 5)
        before = torch.get_rng_state()
        result = trained(child, seed=seed)
        assert torch.equal(torch.get_rng_state(), before)
        return result.curves, child.state_dict()

    (curves, weights), (again, same), (other, _) = run(1), run(1), run(2)
    assert curves == again and all(torch.equal(weights[k], same[k]) for k in weights)
    assert curves != other


def test_bfloat16_and_float32():
    curves = {}
    for precision, dtype in (("bfloat16", torch.bfloat16), ("float32", torch.float32)):
        child = LSTM()
        curves[precision] = trained(child, precision=precision).curves["validation_perplexity"]
        assert child.dtype == dtype and child.softmax.weight.dtype == torch.float32
    assert curves["bfloat16"] != curves["float32"]
    assert curves["bfloat16"] == pytest.approx(curves["float32"], rel=0.02)


# -- divergence ----------------------------------------------------------------------------------
def test_divergence_stops_at_once():
    child = Bigrams(look=lambda call, x: x * (torch.nan if call == 15 else 1))
    result = trained(child, epochs=5)  # 9 steps, then 3 of validation, an epoch
    assert result.diverged and child.calls == 15
    assert result.epochs == len(result.curves["training_loss"]) == 1
    assert result.reason == "the loss was not finite"


def test_a_loss_far_over_guessing_is_divergence_after_the_first_steps():
    given = LanguageData(text(2000), text(60), 6)
    for call, epochs in ((5, 1), (40, 0)):
        child = Bigrams(look=lambda now, x, call=call: x * (100 if now == call else 1))
        result = trained(child, given, epochs=1)
        assert result.epochs == epochs and result.diverged == (epochs == 0)
    assert child.calls == 40 and "the loss exploded to" in result.reason
    assert "(guessing has 1.79)" in result.reason


def test_a_loss_that_is_read_later_is_divergence_a_few_steps_later(monkeypatch):
    """As on a device whose host does not wait for each step."""
    sees = language._Watch.sees

    def late(watch, loss):
        watch.ahead = 3
        return sees(watch, loss)

    monkeypatch.setattr(language._Watch, "sees", late)
    for call in (3, 9):  # the last of the epoch's nine steps too
        child = Bigrams(look=lambda now, x, call=call: x * (torch.nan if now == call else 1))
        result = trained(child)
        assert result.diverged and child.calls == min(call + 3, 9) and result.epochs == 0


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_a_validation_that_is_not_finite_is_divergence(value):
    child = Bigrams(look=lambda call, x: x + (value if call == 11 else 0))
    result = trained(child)
    assert result.diverged and result.epochs == 0 and len(result.curves["training_loss"]) == 1


# -- recipes -------------------------------------------------------------------------------------
def test_recipes():
    paper, medium = (
        make_task("penn_treebank").recipes[name] for name in ("paper", "zaremba_medium")
    )
    facts = ("batch_size", "steps", "learning_rate", "decay_factor", "decay_from")
    for found, epochs in ((paper, 35), (medium, 39)):
        assert [found.spec[name] for name in facts] == [20, 35, 1.0, 1 / 1.2, 6]
        assert found.epochs == epochs and found.max_gradient_norm == 5
        assert found.loss == "sum_over_steps"
    assert from_mapping(LanguageRecipe, medium.spec, "recipe setting") == medium
    assert medium.resolved("cuda").precision == "bfloat16"
    assert medium.resolved("cpu").precision in ("float32", "bfloat16")


@pytest.mark.parametrize(
    "changes, error",
    [
        ({"epochs": 0}, InvalidValue),
        ({"steps": 0}, InvalidValue),
        ({"symbols": 0}, InvalidValue),
        ({"batch_size": 1.5}, InvalidValue),
        ({"max_gradient_norm": math.nan}, InvalidValue),
        ({"optimiser": "adamm"}, UnknownName),
        ({"loss": "sum"}, UnknownName),
        ({"unroll": 3}, UnknownName),
    ],
    ids=str,
)
def test_bad_recipes_get_one_clear_line(changes, error):
    with pytest.raises(error) as caught:
        from_mapping(LanguageRecipe, changes, "recipe setting")
    assert next(iter(changes)) in str(caught.value) and "\n" not in str(caught.value)


# -- tasks ---------------------------------------------------------------------------------------
def test_the_reward_is_c_over_the_square_of_the_least_of_the_last_five():
    task = make_task("python_docs")
    metrics = task.measure({"validation_perplexity": [10.0, 40.0, 30.0, 20.0, 50.0, 60.0]})
    assert metrics == {"validation_perplexity": 20}
    least = Evaluation("ok", metrics)
    assert task_objective(task).reward(least) == pytest.approx(80 / 400)
    assert task_objective(task, {"scale": 10.0}).reward(least) == 10 / 400
    characters = make_task("penn_treebank_characters")
    metrics = characters.measure({"validation_perplexity": [2.0]})
    assert metrics == {"validation_perplexity": 2.0, "validation_bits_per_character": 1.0}
    assert task_objective(characters).reward(Evaluation("ok", metrics)) == 0.25


@pytest.mark.parametrize("size", [0, 10**9])
def test_bad_sizes_get_one_clear_line(size):
    with pytest.raises(InvalidValue, match=f"train_size is {size}, expected at"):
        make_task({"name": "python_docs", "train_size": size}).search_data()


def test_pythons_manual_in_three_parts():
    task = make_task("python_docs")
    found = task.search_data()
    sizes = len(found.train), len(found.validation), len(task.test_data())
    assert sizes[0] > 30_000 and all(0.05 < size / sum(sizes) < 0.15 for size in sizes[1:])
    assert found.train.max() == task.outputs - 1 and (found.train == 0).float().mean() < 0.1
    few = make_task({**FEW}).search_data()
    assert torch.equal(few.train, found.train[:400]) and len(few.validation) == 100


def test_no_paragraph_lies_in_two_splits():
    topics = {f"{n}": f"shared {n // 2}\n\nonly {n}" for n in range(40)}
    splits = divided(topics, seed=0)
    paragraphs = list(chain(*splits.values()))
    assert len(paragraphs) == len(set(paragraphs)) == 60
    assert len(splits["validation"]) >= 4 and splits != divided(topics, seed=1)


def test_evaluations_of_another_manual_are_refused():
    spec = make_task("python_docs").spec
    assert make_task(spec).spec == spec and len(spec["text"]) == 12
    with pytest.raises(InvalidValue, match=r"task python_docs has text .* here, not 123"):
        make_task({**spec, "text": "123"})


# -- Penn Treebank -------------------------------------------------------------------------------
@pytest.fixture(params=["penn_treebank", "penn_treebank_characters"])
def treebank(request):
    task = make_task(request.param)
    try:
        task.verify()
    except DataNotFound as error:
        pytest.skip(str(error))
    return task


def test_penn_treebank_has_its_published_counts(treebank):
    found = treebank.search_data()
    counts = [len(found.train), len(found.validation), len(treebank.test_data())]
    assert counts == list(treebank.counts.values())
    assert len(found.train.unique()) == found.vocabulary == treebank.outputs
    path = Path(os.environ["NAS_DATA"]) / treebank.files["validation"]
    names = {n: t for t, n in _vocabulary(path.parent / treebank.files["train"]).items()}
    words = [names[n] for n in found.validation[:200].tolist()]
    assert (
        " ".join(words).replace("<eos>", "\n").split()
        == path.read_text().split()[: 200 - words.count("<eos>")]
    )


def test_penn_treebank_that_is_missing_or_another(tmp_path, monkeypatch):
    monkeypatch.setenv("NAS_DATA", str(tmp_path))
    task = make_task("penn_treebank")
    with pytest.raises(DataNotFound, match=r"ptb.train.txt, ptb.valid.txt, ptb.test.txt.*NAS_DATA"):
        task.verify()
    for name in task.files.values():
        (tmp_path / name).write_text(" a b c \n c b a \n")
    with pytest.raises(DataCorrupt, match="it has 8 symbols, expected 929,589"):
        task.verify()
    (tmp_path / "ptb.valid.txt").write_text("d\n")
    _numbered.cache_clear()
    with pytest.raises(DataCorrupt, match=r"ptb.valid.txt is corrupt: 'd'"):
        task._read("validation")


# -- evaluations ---------------------------------------------------------------------------------
def problem(task=FEW, space="recurrent_cell", **changes):
    return Problem(task, space, **SMALL, recipe={"epochs": 1, **changes}, device="cpu")


def evaluation(made):
    return evaluate(made.request(made.space.decode((0, 1) * 16 + (3, 4))), CPU)


def test_what_an_evaluation_says_of_the_child():
    made = problem(epochs=2)
    result = evaluation(made)
    least = min(result.curves["validation_perplexity"])
    assert (result.status, result.metrics) == ("ok", {"validation_perplexity": least})
    assert made.objective.reward(result) == pytest.approx(80 / least**2)
    assert set(result.curves) == {"training_loss", "validation_perplexity"}
    assert result.parameters == 16 * 36 + 2 * 6_000 + 1_000
    assert 1 < least < 1_000 and set(result.seconds) == {"build", "train", "validate"}
    assert evaluation(made).curves == result.curves


def test_an_evaluation_says_in_which_epoch_a_child_diverged():
    result = evaluation(problem(optimiser="sgd", learning_rate=1e30, max_gradient_norm=1e30))
    assert (result.status, result.metrics) == ("diverged", {})
    assert result.error == "the loss was not finite in epoch 1"


class Guarded(PythonDocs):
    """A manual that notes when its test split is read."""

    environments: ClassVar[Mapping] = {}
    reads: ClassVar[list] = []

    def _read_test_data(self):
        self.reads.append(self.name)
        return super()._read_test_data()


class Peeking(Guarded):
    """A task that would train on its test split."""

    def search_data(self):
        symbols = self.test_data()
        return LanguageData(symbols, symbols, self.outputs)


def test_no_evaluation_reaches_the_test_split():
    Guarded.reads.clear()
    with pytest.raises(TestSetSealed, match="out of reach while a child is evaluated"):
        evaluation(problem({**FEW, "name": f"{__name__}:Peeking"}))
    assert Guarded.reads == []
    task = make_task("python_docs")
    with sealed_test_set(), pytest.raises(TestSetSealed):
        task.test_data()
    assert isinstance(task, LanguageTask) and len(task.test_data()) > 1_000


# -- the command line ----------------------------------------------------------------------------
TINY = [
    "--env", "NAS-PyDocs-v0", "--agent", "random_search", "--children", "2", "--device", "cpu",
    "--recipe.epochs", "1", "--task.train-size", "400", "--task.validation-size", "100",
    "--space.parameters", "20000",
]  # fmt: skip


def test_a_search_and_its_references(tmp_path, capsys):
    assert main([*TINY, "--run", str(tmp_path / "run")]) == 0
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["best"]["validation_perplexity"] > 1
    assert set(summary["references"]) == {"NASCell", "LSTM"}
    for reference in summary["references"].values():
        assert reference["status"] == "ok" and 15_000 < reference["parameters"] <= 20_000
    shown = capsys.readouterr().out
    assert "NASCell" in shown and "LSTM" in shown and "best validation perplexity" in shown
    arguments = [*TINY, "--no-references", "--run", str(tmp_path / "without")]
    assert main(arguments) == 0
    assert json.loads((tmp_path / "without" / "summary.json").read_text())["references"] == {}
    assert "NASCell" not in capsys.readouterr().out


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_cross_entropy_is_torchs(monkeypatch, dtype):
    monkeypatch.setattr(entropy, "PIECE", 3 * 11)  # of 10 rows: pieces of 3, 3, 3 and 1
    generator = torch.Generator().manual_seed(0)
    logits = (4 * torch.randn(10, 11, generator=generator)).to(dtype)
    targets = torch.randint(11, (10,), generator=generator)
    found = []
    for loss_of in (cross_entropy, lambda x, y: functional.cross_entropy(x.float(), y)):
        own = logits.clone().requires_grad_()
        loss = loss_of(own, targets)
        (3 * loss).backward()
        found.append((loss.detach(), own.grad))
    (loss, gradient), (wanted, its_gradient) = found
    torch.testing.assert_close(loss, wanted)
    torch.testing.assert_close(gradient, its_gradient)


def test_the_cross_entropy_of_a_logit_that_is_not_finite_is_not_finite():
    logits = torch.tensor([[0.0, 1.0], [float("inf"), 0.0]])
    assert not torch.isfinite(cross_entropy(logits, torch.tensor([0, 1])))


def test_the_cross_entropy_has_a_first_derivative_and_refuses_a_second():
    logits = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    targets = torch.tensor([2, 0, 1, 1])
    assert torch.autograd.gradcheck(lambda x: cross_entropy(x, targets, 4), (logits,))
    loss = cross_entropy(logits, targets)
    with pytest.raises(RuntimeError, match="has a first derivative, no second"):
        torch.autograd.grad(loss, logits, create_graph=True)
