"""The final training: its data, its one reading of the test set, the ledger, the weights."""

import json
import sqlite3
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from nas_env.errors import DataNotFound, TestSetSealed
from nas_env.evaluation import make_evaluator
from nas_env.evaluation._child import evaluate, train_child
from nas_env.evaluation._job import Job
from nas_env.evaluation._rehearsal import rehearse
from nas_env.final.intervals import examples_interval
from nas_env.records import Evaluation, Request
from nas_env.run.store import open_store
from nas_env.tasks import make_task, sealed_test_set
from nas_env.tasks.digits import Digits
from nas_env.tasks.python_docs import PythonDocs
from nas_env.training.perplexity import column_losses, margin, perplexity
from search_spaces import make_space

CPU = torch.device("cpu")
#: Of the request below, as it was before requests had a split.
KEY = "cebacfb053e3a3f2d7036c794f6fa2b62413bbb0e230afeb300a188ec1e35347"


def image_request(**changes):
    task = make_task({"name": "digits", "train_size": 80, "validation_size": 40})
    space = make_space({"name": "convolutional", "layers": 1, "filters": [6]})
    recipe = replace(task.recipes["short"], epochs=2, batch_size=8).resolved("cpu")
    architecture = space.decode(space.sample(np.random.default_rng(0)))
    parts = task.request_spec, space.construction, architecture.canonical().to_dict(), recipe.spec
    return Request(*parts, 0, "cpu", **changes)


def text_request(**changes):
    task = make_task({"name": "python_docs", "train_size": 400, "validation_size": 100})
    space = make_space({"name": "recurrent_cell", "base": 2, "hidden": 4})
    recipe = replace(task.recipes["short"], epochs=1, batch_size=4).resolved("cpu")
    architecture = space.decode(space.sample(np.random.default_rng(0)))
    parts = task.request_spec, space.construction, architecture.canonical().to_dict(), recipe.spec
    return Request(*parts, 0, "cpu", **changes)


def test_the_key_of_a_search_request_is_what_it_was():
    """Stores from before there was a split must answer still."""
    old = Request({"name": "t"}, {"name": "s"}, {"n": 1}, {}, 0, "cpu")
    assert old.key == KEY
    assert replace(old, keep="somewhere").key == old.key
    assert replace(old, split="final").key != old.key


def test_the_training_part_is_both_splits_in_order():
    task = make_task({"name": "digits", "train_size": 80, "validation_size": 40})
    found, final = task.search_data(), task.final_data()
    assert final.sizes == (120, 0)
    labels = torch.cat((found.train_labels, found.validation_labels))
    assert torch.equal(final.train_labels, labels)
    assert torch.equal(final.train.at(torch.tensor([79, 80]))[1:], found.validation_images[:1])
    tested = final.tested_on(task.test_data())
    assert tested.sizes == (120, 397) and torch.equal(tested.train_labels, labels)


def test_the_text_is_both_splits_in_order():
    task = make_task({"name": "python_docs", "train_size": 400, "validation_size": 100})
    found, final = task.search_data(), task.final_data()
    assert torch.equal(final.train, torch.cat((found.train, found.validation)))
    assert final.sizes == (500, 0)
    assert final.tested_on(task.test_data()).sizes == (500, len(task.test_data()))


@pytest.mark.parametrize(
    "asked, metrics",
    [
        (image_request, {"test_accuracy", "test_balanced_accuracy", "test_examples"}),
        (text_request, {"test_perplexity", "test_examples"}),
    ],
)
def test_a_final_request_has_test_metrics_alone(asked, metrics):
    request = asked(split="final")
    evaluation = evaluate(request, CPU)
    assert evaluation.status == "ok", evaluation.error
    assert set(evaluation.metrics) == metrics
    assert not [name for name in evaluation.metrics if name.startswith("validation")]
    assert set(evaluation.curves) == {"training_loss"}
    assert len(evaluation.curves["training_loss"]) == request.recipe["epochs"]


def test_a_text_has_the_margin_of_its_test_loss():
    """Of eight columns or more; the perplexity is that of the whole text all the same."""
    request = text_request(split="final")
    wide = replace(request, recipe={**request.recipe, "batch_size": 8})
    child, result = train_child(wide, CPU)
    job = Job(wide)
    found = result.tested["test_loss_margin"]
    alone = perplexity(child, job.task.test_data(), job.recipe)
    assert result.tested["test_perplexity"] == pytest.approx(alone, rel=1e-5)
    assert found == margin(column_losses(child, job.task.test_data(), job.recipe)) > 0
    low, high = examples_interval([result.tested], "test_perplexity")
    assert low < result.tested["test_perplexity"] < high


def test_a_text_of_characters_has_bits_too():
    found = make_task("penn_treebank_characters").measure_tested({"test_perplexity": 4.0})
    assert found == {"test_perplexity": 4.0, "test_bits_per_character": 2.0}


@pytest.mark.parametrize("task, asked", [(Digits, image_request), (PythonDocs, text_request)])
def test_the_training_does_not_depend_on_the_test_set(task, asked, monkeypatch):
    """Another test set: the same curves and weights, and other scores."""
    request = asked(split="final")
    child, result = train_child(request, CPU)
    read = task._read_test_data

    def another(self):
        data = read(self)
        if isinstance(data, tuple):
            return data[0][:200], data[1][-200:]
        return data[: len(data) // 2].flip(0)

    monkeypatch.setattr(task, "_read_test_data", another)
    other, again = train_child(request, CPU)
    assert again.curves == result.curves and again.tested != result.tested
    weights = other.state_dict()
    assert all(torch.equal(each, weights[name]) for name, each in child.state_dict().items())


@pytest.mark.parametrize("task, asked", [(Digits, image_request), (PythonDocs, text_request)])
def test_the_test_set_is_read_once_and_after_the_last_epoch(task, asked, monkeypatch):
    events, read = [], task._read_test_data
    monkeypatch.setattr(
        task, "_read_test_data", lambda self: (events.append("test"), read(self))[1]
    )
    evaluate(asked(split="final"), CPU, lambda progress: events.append(progress.epoch))
    assert events == [*range(asked().recipe["epochs"] + 1), "test"]
    events.clear()
    assert evaluate(asked(), CPU).status == "ok" and events == []


def test_the_seal_is_shut_while_a_child_is_trained(monkeypatch):
    read = Digits.final_data
    monkeypatch.setattr(Digits, "final_data", lambda self: (self.test_data(), read(self))[1])
    request = image_request(split="final")
    unread = replace(request, task={**request.task, "train_size": 70})  # by this process
    with pytest.raises(TestSetSealed):
        evaluate(unread, CPU)


def test_a_search_request_never_opens_the_seal():
    job = Job(image_request())
    with sealed_test_set(), pytest.raises(TestSetSealed):
        job.task.test_data()
    evaluate(job.request, CPU)
    with sealed_test_set():
        evaluate(image_request(split="final"), CPU)
        with pytest.raises(TestSetSealed):  # shut again
            job.task.test_data()


def test_a_rehearsal_does_not_read_the_test_set():
    assert rehearse(Job(image_request(split="final")), CPU) is None


def test_images_without_a_test_split(tmp_path):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (60, 8, 8, 1), dtype=np.uint8)
    np.savez(tmp_path / "data.npz", images=images, labels=np.arange(60) % 3)
    task = make_task({"name": "images", "path": str(tmp_path / "data.npz")}).settled()
    with pytest.raises(DataNotFound, match=r"no test split.*--task.test"):
        task.check_test_split()
    task = make_task({**task.spec, "test": 0.2}).settled()
    task.check_test_split()
    found, final = task.search_data(), task.final_data()
    assert final.sizes == (sum(found.sizes), 0)
    assert final.tested_on(task.test_data()).sizes[1] == 12
    whole = torch.cat((found.train_rows, found.validation_rows))
    assert torch.equal(final.train.at(torch.arange(len(whole))), found.train_images[whole])


# -- the ledger ----------------------------------------------------------------------------------
def test_a_final_evaluation_leaves_a_line_in_the_ledger(place):
    store = place.open(run="one")
    asked = image_request(split="final")
    assert store.readings() == []
    store.put(image_request(), Evaluation("ok", {"validation_accuracy": 0.5}))
    assert store.readings() == []
    store.put(asked, Evaluation("ok", {"test_accuracy": 0.8, "test_examples": 397}))
    store.put(replace(asked, seed=1), Evaluation("diverged"))
    (line,) = place.open(run="two").readings()
    assert (line.number, line.run, line.key, line.metric, line.value) == (
        1, "one", asked.key, "test_accuracy", 0.8,
    )  # fmt: skip
    shown = line.shown()
    assert json.dumps(shown) and shown["architecture"] == asked.architecture
    assert {"host", "pid", "time"} <= set(shown)


def test_seeds_of_one_network_are_one_use(place):
    store = place.open()
    asked = image_request(split="final")
    for request in (asked, replace(asked, seed=1), replace(asked, recipe={"epochs": 9})):
        store.put(request, Evaluation("ok", {"test_accuracy": 0.8}))
    uses = [line.use for line in store.readings()]
    assert uses[0] == uses[1] != uses[2]


def test_a_store_without_a_ledger_opens(tmp_path):
    open_store(tmp_path / "s").put(image_request(), Evaluation("ok"))
    with sqlite3.connect(tmp_path / "s") as connection:
        names = connection.execute("SELECT name FROM sqlite_master").fetchall()
    assert ("ledger",) not in names
    assert open_store(tmp_path / "s").readings() == []


# -- the weights ---------------------------------------------------------------------------------
@pytest.mark.parametrize("evaluator", ["in_process", {"name": "workers", "workers": 1}])
def test_the_weights_are_kept(tmp_path, evaluator):
    file = tmp_path / "weights.safetensors"
    request = image_request(split="final", keep=str(file))
    store = open_store(tmp_path / "s")
    made = make_evaluator(evaluator, CPU, store)
    try:
        first = made.submit(request).result()
        child, result = train_child(request, CPU)
        kept = load_file(file)
        assert first.metrics["test_accuracy"] == result.tested["test_accuracy"]
        assert all(torch.equal(kept[name], each) for name, each in child.state_dict().items())
        file.unlink()
        assert made.known(request) is None and made.known(image_request(split="final")) is not None
        assert made.submit(request).result().metrics == first.metrics and file.is_file()
        written = file.stat().st_mtime_ns
        assert made.submit(request).result().metrics == first.metrics
        assert file.stat().st_mtime_ns == written
    finally:
        made.close()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
