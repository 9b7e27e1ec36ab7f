"""The folder of a network that a final training hands over, and what its card says."""

import json

import pytest
import torch

import nas_env
from nas_env.command_line.retrain import main
from nas_env.errors import ExportDiffers
from nas_env.handover import _write
from nas_env.tasks.digits import Digits
from tests._own import draw_splits
from tests._tracked import event_files, text_of

LAYER = {"filter_height": 1, "filter_width": 3, "stride_height": 1, "stride_width": 1, "filters": 6}
IMAGES = {"space": "convolutional", "layers": [{**LAYER, "inputs": []}]}
CELL = "published:lstm"
SMALL = ["--recipe.epochs", "1", "--seeds", "1", "--workers", "0", "--quiet"]
DIGITS = ["--env", "NAS-Digits-v0", "--task.train-size", "64", "--space.layers", "1", *SMALL]
TEXT = ["--env", "NAS-PyDocs-v0", "--task.train-size", "2000", "--task.validation-size", "500"]
TEXT += ["--space.hidden", "8", "--space.cell-layers", "1", "--recipe.steps", "20", *SMALL]


@pytest.fixture
def file(tmp_path):
    """A file with a network of one layer."""
    path = tmp_path / "one.json"
    path.write_text(json.dumps(IMAGES))
    return str(path)


def handed_over(folder, *words):
    """The folder of the network of a final training that succeeded."""
    assert main([*words, "--run", str(folder)]) == 0
    return folder / "final" / "network"


def section(folder, title):
    """A section of the model card."""
    return (folder / "README.md").read_text().partition(f"## {title}\n\n")[2].partition("\n\n##")[0]


def test_the_training_of_a_named_architecture_is_tracked_where_asked(file, tmp_path):
    line = ["--architecture", file, *DIGITS, "--no-network"]
    handed_over(tmp_path / "run", *line, "--track", "tensorboard", "--seeds", "2")
    for _ in range(2):  # a second time it is shown anew, and nothing is trained
        events = event_files(tmp_path / "run" / "final")
        assert [e.step for e in events.Scalars("final/test_accuracy")] == [1, 2]
        assert "| one |" in text_of(events, "final/tested")[-1]
        handed_over(tmp_path / "run", *line, "--track", "tensorboard", "--seeds", "2")


def test_a_wrong_tracker_is_told_before_anything_is_trained(file, tmp_path, capsys):
    line = ["--architecture", file, *DIGITS, "--track", "wand", "--run", str(tmp_path / "run")]
    assert main(line) == 2
    assert "did you mean 'wandb'" in capsys.readouterr().err


def test_images_of_bytes_go_into_its_programs_where_asked(file, tmp_path):
    """The same command without the option writes the folder again; nothing is trained again."""
    line = ["--architecture", file, *DIGITS]
    folder = handed_over(tmp_path / "run", *line, "--with-preprocessing")
    images = torch.from_numpy(Digits().test_data()[0][:7])
    loaded = nas_env.load(folder)
    with torch.no_grad():
        expected = loaded(loaded.preprocess(images))
        program = torch.export.load(folder / "network.pt2").module()
        torch.testing.assert_close(program(images), expected, rtol=0, atol=1e-5)
        assert "takes images of bytes" in section(folder, "How to use it")
        handed_over(tmp_path / "run", *line)
        program = torch.export.load(folder / "network.pt2").module()
        torch.testing.assert_close(program(loaded.preprocess(images)), expected, rtol=0, atol=1e-5)


def test_the_symbols_of_a_text_are_handed_over(tmp_path):
    folder = handed_over(tmp_path / "run", "--architecture", CELL, *TEXT)
    found = nas_env.load(folder).preprocessing
    assert found.unit == "word" and len(found.symbols) == 1_000
    assert found.symbols[:2] == ("<unk>", "<eos>") and "python" in found.symbols
    with torch.no_grad():
        symbols = found.numbers(["python", "is", "a", "thing-that-nobody-names"])
        network = nas_env.load(folder)
        logits, _ = network(symbols, network.network.initial_state(1))
    assert logits.shape == (4, 1, 1_000) and symbols[-1] == 0
    assert "numbers(text.split())" in section(folder, "How to use it")
    assert "PSF License" in section(folder, "Licence of the data")
    assert "symbols, in the order of their numbers" in section(folder, "Preprocessing")


def test_the_card_has_the_licence_of_the_data(file, tmp_path):
    """Of one's own data what a setting says; it may be said later, and trains nothing again."""
    folder = handed_over(tmp_path / "digits", "--architecture", file, *DIGITS)
    assert "CC BY 4.0" in section(folder, "Licence of the data")
    draw_splits(tmp_path / "own")
    own = ["--env", "NAS-Images-v0", "--task.path", str(tmp_path / "own"), *SMALL]
    line = ["--architecture", file, *own, "--space.layers", "1"]
    folder = handed_over(tmp_path / "run", *line)
    assert section(folder, "Licence of the data") == "Not stated."
    data = section(folder, "Data")
    assert "- classes: " in data and str(tmp_path) not in (folder / "README.md").read_text()
    before = json.loads((tmp_path / "run" / "final" / "final.json").read_text())
    handed_over(tmp_path / "run", *line, "--task.licence", "mine; ask me")
    assert section(folder, "Licence of the data") == "mine; ask me"
    after = json.loads((tmp_path / "run" / "final" / "final.json").read_text())
    assert after["seeds"] == before["seeds"] and after["ledger"] == before["ledger"]


def test_where_no_bytes_can_go_in_it_says_so_first(file, tmp_path, capsys):
    given = {
        ("--architecture", CELL, *TEXT): "is for images: task python_docs reads a text",
        ("--architecture", file, *DIGITS, "--no-network"): "which --no-network leaves out",
    }
    for words, says in given.items():
        line = [*words, "--run", str(tmp_path / "run"), "--with-preprocessing"]
        assert main(line) == 2
        (told,) = capsys.readouterr().err.splitlines()
        assert says in told and told.startswith("nas-retrain: ")
    assert not (tmp_path / "run").exists()


def test_where_an_export_differs_the_folder_of_before_stays(file, tmp_path, monkeypatch, capsys):
    line = ["--architecture", file, *DIGITS]
    folder = handed_over(tmp_path / "run", *line)
    before = {each.name: each.read_bytes() for each in folder.iterdir()}

    def differs(*_):
        raise ExportDiffers("network.pt2 gives other outputs than the network")

    monkeypatch.setattr(_write, "export", differs)
    assert main([*line, "--with-preprocessing", "--run", str(tmp_path / "run")]) == 2
    assert "gives other outputs" in capsys.readouterr().err
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == before
    assert sorted(each.name for each in folder.parent.iterdir()) == [
        "final.json", "network", "weights",
    ]  # fmt: skip
