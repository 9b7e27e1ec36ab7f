"""A trained network is taken to another task: its architecture, and its weights as they fit."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import nas_env
from nas_env.command_line.retrain import main
from nas_env.errors import InvalidValue, NASError
from nas_env.evaluation._child import train_child
from nas_env.evaluation._start import Start, fitting
from nas_env.records import Request
from nas_env.run.ledger import use_of
from nas_env.run.store import open_store
from search_spaces.convolutional import ConvolutionalSpace
from search_spaces.nas_bench_201 import NASBench201Space
from search_spaces.recurrent_cell import RecurrentCellSpace

LAYER = {"filter_height": 3, "filter_width": 3, "stride_height": 1, "stride_width": 1, "filters": 6}
TWO = {
    "space": "convolutional",
    "layers": [{**LAYER, "inputs": []}, {**LAYER, "inputs": [1]}],
}
#: Of a request as it was before a training could start from weights.
KEY = "88526e2334c274211bcc92fde295ab79ea1e19a5efca51dbf8cf57efaf1e93f7"
SMALL = ["--recipe.epochs", "1", "--workers", "0", "--seeds", "1", "--quiet"]
DIGITS = ["--env", "NAS-Digits-v0", "--task.train-size", "64", *SMALL]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a final training on digits, with poolings that the environment has not."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "two.json").write_text(json.dumps(TWO))
    line = ["--architecture", str(folder / "two.json"), *DIGITS, "--space.pooling", "1"]
    assert main([*line, "--run", str(folder / "first")]) == 0
    return folder / "first"


@pytest.fixture
def coloured(tmp_path):
    """A task of one's own: coloured images of another size, in three classes."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (90, 12, 10, 3), dtype=np.uint8)
    np.savez(tmp_path / "own.npz", images=images, labels=np.arange(90) % 3)
    own = ["--task.path", str(tmp_path / "own.npz"), "--task.test", "0.3"]
    return ["--env", "NAS-Images-v0", *own, *SMALL]


def result_of(run):
    return json.loads((run / "final" / "final.json").read_text())


def stored(run):
    store = open_store(run / "results.sqlite")
    try:
        return [request for request, _ in store.evaluations()]
    finally:
        store.close()


def test_a_folder_is_trained_on_another_task(trained, tmp_path, coloured, monkeypatch):
    """Of other size, channels and classes; the network keeps its own poolings."""
    monkeypatch.setenv("NAS_DATA", str(tmp_path))
    for place in (trained, trained / "final" / "network"):
        line = ["--architecture", str(place), *coloured, "--run", str(tmp_path / place.name)]
        assert main(line) == 0
        result = result_of(tmp_path / place.name)
        assert result["chosen"]["name"] == "first" and result["chosen"]["start"] is None
        assert result["chosen"]["architecture"] == TWO and result["space"]["pooling"] == [1]
    network = nas_env.load(tmp_path / "network" / "final" / "network")
    assert network.input_shape == (3, 12, 10) and network.outputs == 3


def test_fine_tuning_starts_from_the_weights_that_fit(trained, tmp_path, coloured, capsys):
    loud = [word for word in coloured if word != "--quiet"]
    line = ["--architecture", str(trained), *loud, "--run", str(tmp_path / "run")]
    assert main([*line, "--fine-tune", "--beside", "scratch", "--recipe.learning-rate", "0"]) == 0
    shown = capsys.readouterr().out
    assert "5 of 8 tensors fit; begun anew: classifier, layers.0." in shown
    assert "weights.safetensors" in shown and "from scratch" in shown
    first = load_file(trained / "final" / "network" / "weights.safetensors")
    result = result_of(tmp_path / "run")
    weights = load_file(tmp_path / "run" / "final" / result["seeds"][0]["weights"])
    same = {name for name in first if torch.equal(first[name], weights[name])}
    parameters = {name for name in same if name.startswith("layers.1.") and "weight" in name}
    assert parameters and not any(name.startswith("classifier") for name in same)
    assert result["beside"][0]["name"] == "from scratch"
    card = (tmp_path / "run" / "final" / "network" / "README.md").read_text()
    assert "started from the weights" in card


def test_the_key_has_the_weights_and_not_their_place(trained, tmp_path):
    """The same weights elsewhere are the same start; from scratch it is another evaluation."""
    moved = tmp_path / "moved"
    moved.mkdir()
    for file in (trained / "final" / "network").iterdir():
        (moved / file.name).write_bytes(file.read_bytes())
    line = [*DIGITS, "--run", str(tmp_path / "run"), "--fine-tune", "--no-network"]
    assert main(["--architecture", str(trained / "final" / "network"), *line]) == 0
    assert main(["--architecture", str(moved), *line]) == 0
    (request,) = stored(tmp_path / "run")
    assert request.start is not None
    assert request.key != bare(request).key and use_of(request) != use_of(bare(request))
    assert replace(request, start_file="elsewhere").key == request.key


def bare(request):
    return replace(request, start=None, start_file=None)


def test_a_request_without_a_start_has_the_key_it_had():
    request = Request({"name": "t"}, {"name": "s"}, {"number": 1}, {}, 0, "cpu")
    assert request.key == KEY


def test_the_same_start_gives_the_same_child(trained):
    (request,) = stored(trained)
    start = Start.of(trained / "final" / "network" / "weights.safetensors")
    asked = replace(request, start=start.digest, start_file=start.file, keep=None, split="search")
    one, two = (train_child(asked, torch.device("cpu"))[0].state_dict() for _ in range(2))
    assert all(torch.equal(one[name], two[name]) for name in one)
    other = train_child(bare(asked), torch.device("cpu"))[0].state_dict()
    assert not all(torch.equal(one[name], other[name]) for name in one)


def test_weights_that_changed_are_refused(tmp_path):
    file = tmp_path / "weights.safetensors"
    save_file({"a": torch.zeros(2)}, file)
    start = Start.of(file)
    assert start.weights()["a"].tolist() == [0, 0]
    save_file({"a": torch.ones(2)}, file)
    with pytest.raises(NASError, match="has changed since"):
        start.weights()
    file.write_text("no weights")
    with pytest.raises(NASError, match="holds no weights"):
        Start.of(file).weights()


def test_a_classifier_of_as_many_classes_is_new_too():
    space = ConvolutionalSpace(layers=1)
    child = space.build(space.decode((1, 1, 0)), (1, 8, 8), 10)
    fit = fitting(child.state_dict(), child, space)
    assert fit.keys() == {n for n in child.state_dict() if not n.startswith("classifier")}


# -- the space on the other task -----------------------------------------------------------------
def test_what_a_network_takes_along():
    there = ConvolutionalSpace(layers=3, pooling=(1,), layer_order="norm-relu-conv")
    here = ConvolutionalSpace(layers=6, filters=(6, 12))
    assert there.taken_to(here) == replace(here, pooling=(1,), layer_order="norm-relu-conv")
    big, small = RecurrentCellSpace(), RecurrentCellSpace(parameters=20_000, embedding=8)
    assert big.taken_to(small) == small  # the size suits the text
    with pytest.raises(InvalidValue, match="of space nas_bench_201, that of the task is convolut"):
        NASBench201Space().taken_to(here)


def test_a_run_without_a_trained_network_gives_the_best_of_its_search(tmp_path, capsys):
    from nas_env.command_line.train import main as train

    search = ["--children", "2", "--task.train-size", "64", "--space.layers", "1", "--quiet"]
    few = ["--recipe.epochs", "1", "--workers", "0"]
    assert train([*search, *few, "--run", str(tmp_path / "searched")]) == 0
    best = json.loads((tmp_path / "searched" / "summary.json").read_text())["best"]["architecture"]
    line = ["--architecture", str(tmp_path / "searched"), *DIGITS, "--no-network"]
    assert main([*line, "--run", str(tmp_path / "run")]) == 0
    assert result_of(tmp_path / "run")["chosen"]["architecture"] == best
    assert main([*line, "--run", str(tmp_path / "other"), "--fine-tune"]) == 2
    assert "searched has no trained network: nas-retrain makes one" in capsys.readouterr().err


def test_bad_input_gets_one_line_and_leaves_nothing(trained, tmp_path, capsys):
    (tmp_path / "two.json").write_text(json.dumps(TWO))
    (tmp_path / "empty").mkdir()
    folder, run = str(trained), ["--run", str(tmp_path / "run")]
    text = ["--env", "NAS-PyDocs-v0", *SMALL]
    thin = ["--env", "NAS-Digits-v0", "--space.layer-order", "norm-relu-conv", *SMALL]
    given = {
        (folder, *text): "of space convolutional, that of the task is recurrent_cell",
        (str(tmp_path / "two.json"), *DIGITS, "--fine-tune"): "--fine-tune needs --architecture FO",
        (str(tmp_path / "empty"), *DIGITS): "no folder of a network, and none of a run",
        (folder, *thin, "--fine-tune"): "fit: the networks have no names in common",
        (folder, *DIGITS, "--beside", "scratch"): "--beside scratch needs --fine-tune",
    }
    for words, says in given.items():
        assert main(["--architecture", *words, *run]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert says in line and line.startswith("nas-retrain: ")
    assert main([folder, "--fine-tune"]) == 2
    assert "holds no run" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_the_core_of_a_cell_fits_another_vocabulary():
    """Embeddings and softmax are new, also where the other text has as many symbols."""
    space = RecurrentCellSpace(base=2, hidden=6, embedding=4)
    cell = space.decode((0,) * space.length())
    one = space.build(cell, (), 9)
    for vocabulary in (9, 20):
        other = space.build(cell, (), vocabulary)
        fit = fitting(one.state_dict(), other, space)
        assert fit and all(name.startswith("core.") for name in fit)
        assert set(other.state_dict()) - set(fit) == {
            "embedding.weight", "softmax.weight", "softmax.bias",
        }  # fmt: skip


def test_workers_start_from_the_weights_too(trained, tmp_path):
    """What comes of it is what this process trains."""
    line = ["--architecture", str(trained), *DIGITS, "--fine-tune", "--no-network"]
    assert main([*line, "--run", str(tmp_path / "here")]) == 0
    assert main([*line, "--run", str(tmp_path / "there"), "--workers", "1"]) == 0
    here, there = (result_of(tmp_path / name) for name in ("here", "there"))
    assert here["mean"] == there["mean"] and here["chosen"]["start"] == there["chosen"]["start"]


def test_a_folder_beside_is_built_as_it_was_found(trained, tmp_path):
    """Its poolings are its own, though the space of the final training has none."""
    (tmp_path / "two.json").write_text(json.dumps(TWO))
    line = ["--architecture", str(tmp_path / "two.json"), *DIGITS, "--no-network"]
    assert main([*line, "--run", str(tmp_path / "run"), "--beside", str(trained)]) == 0
    assert [row["name"] for row in result_of(tmp_path / "run")["beside"]] == ["first"]
    places = [each.space["pooling"] for each in stored(tmp_path / "run")]
    assert sorted(places) == [[], [1]]
