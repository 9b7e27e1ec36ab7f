"""The programs that use a network where nothing of this project is, run by this Python."""

import sys
from importlib.util import find_spec

import numpy as np
import pytest
import torch

import nas_env
from benchmarks.fresh_environment import compare, examples, main, write
from nas_env import handover
from search_spaces import make_space

SPACES = {
    "images": {"name": "convolutional", "layers": 2, "filters": [3, 4]},
    "bytes": {"name": "convolutional", "layers": 2, "filters": [3, 4]},
    "text": {"name": "recurrent_cell", "base": 2, "hidden": 5},
}
PREPROCESSING = {
    "images": handover.ImagePreprocessing((6, 7), (6, 7), mean=(20.0,), deviation=(4.0,)),
    "bytes": handover.ImagePreprocessing((6, 7), (6, 7), mean=(20.0,), deviation=(4.0,)),
    "text": handover.TextPreprocessing("word", tuple("abcdefg")),
}


def handed_over(folder, kind):
    """The folder of a network with random weights."""
    space, shape = make_space(SPACES[kind]), () if kind == "text" else (1, 6, 7)
    torch.manual_seed(0)
    architecture = space.decode(space.sample(np.random.default_rng(0)))
    handover.write(
        folder,
        network=space.build(architecture, shape, 7),
        space=space,
        architecture=architecture,
        input_shape=shape,
        outputs=7,
        preprocessing=PREPROCESSING[kind],
        with_preprocessing=kind == "bytes",
    )
    return folder


@pytest.mark.parametrize("kind", SPACES)
def test_the_files_of_a_folder_give_its_outputs(kind, tmp_path):
    folder = handed_over(tmp_path / "network", kind)
    files = write(examples(nas_env.load(folder)), tmp_path)
    found = compare(sys.executable, "with_torch", folder, files["with_torch"])
    assert set(found["differences"]) == {"network.py", "network.pt2"}
    assert max(found["differences"].values()) <= 1e-6
    assert found["program takes bytes"] == (kind == "bytes")
    if find_spec("onnxruntime") is not None:
        found = compare(sys.executable, "with_onnx", folder, files["with_onnx"])
        assert found["differences"]["network.onnx"] <= 1e-4
        assert found["program takes bytes"] == (kind == "bytes")


def test_other_outputs_are_found_out(tmp_path):
    folder = handed_over(tmp_path / "network", "images")
    network = nas_env.load(folder)
    with torch.no_grad():
        next(network.parameters()).add_(0.01)
    files = write(examples(network), tmp_path)
    found = compare(sys.executable, "with_torch", folder, files["with_torch"])
    assert min(found["differences"].values()) > 1e-4


def test_a_folder_that_is_none_gets_one_line(tmp_path, capsys):
    assert main([str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "is not the folder of a network" in line
