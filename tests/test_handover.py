"""The folder in which a network is handed over: its source, its programs, its model card."""

import json
import re
import runpy
import shutil
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from torch import nn

import nas_env
from nas_env import handover
from nas_env.errors import ExportDiffers, InvalidValue, NASError, UnknownName
from nas_env.handover import ImagePreprocessing, Preprocess, TextPreprocessing
from nas_env.handover._network_file import network_file
from nas_env.handover._settings import Settings
from nas_env.training.augmentation import ImageData
from nas_env.training.image_recipe import ImageRecipe
from search_spaces import Normalisation, make_space, space_class, space_names

IMAGE, SYMBOLS = (2, 9, 7), 11
GREY = ImagePreprocessing((9, 7), (9, 7), mean=(20.0, 30.0), deviation=(4.0, 5.0), channels=2)
CONVOLUTIONAL = {"name": "convolutional", "layers": 5, "filters": [3, 4], "filter_sizes": [1, 3, 5]}
STAGED = {"name": "staged", "layers": 5, "filters": [3, 4], "filter_sizes": [1, 3]}
SPACES = {
    "skips": CONVOLUTIONAL,
    "strides": {**CONVOLUTIONAL, "strides": [1, 2, 3]},
    "padding at the end": {**CONVOLUTIONAL, "strides": [1, 2], "zero_padding": "end"},
    "pooling": {**CONVOLUTIONAL, "pooling": [1, 3]},
    "norm first": {**CONVOLUTIONAL, "layer_order": "norm-relu-conv", "strides": [1, 2]},
    "norm first, no strides": {**CONVOLUTIONAL, "layer_order": "norm-relu-conv"},
    "blocks": {**CONVOLUTIONAL, "block": 2, "pooling": [2]},
    "whole blocks": {**CONVOLUTIONAL, "block": 3, "block_output": "all", "strides": [1, 2]},
    "a chain": {**CONVOLUTIONAL, "skip_connections": False},
    "many layers": {**CONVOLUTIONAL, "layers": 24},
    "one layer": {**CONVOLUTIONAL, "layers": 1},
    "nas_bench_201": {"name": "nas_bench_201", "cells": 2, "channels": 2},
    "stages": STAGED,
    "stages without whitening": {
        **STAGED,
        "whitening": 0,
        "activation": "relu",
        "norm_scales": True,
        "last_pooling": "average",
    },
    "many stages": {**STAGED, "layers": 16, "poolings": 5},
    "a chain of stages": {**STAGED, "skip_connections": False},
    "cells": {"name": "recurrent_cell", "base": 4, "hidden": 5},
    "shared": {"name": "recurrent_cell", "base": 2, "hidden": 5, "tied": True, "cell_layers": 1},
    "masks": {
        "name": "recurrent_cell",
        "base": 4,
        "hidden": 5,
        "masks": "sequence",
        "recurrent_dropout": 0.25,
        "cell_layers": 3,
    },
    "shared, of another length": {
        "name": "recurrent_cell",
        "base": 2,
        "hidden": 5,
        "tied": True,
        "embedding": 3,
        "recurrent_dropout": 0.5,
    },
    "larger cells": {
        "name": "recurrent_cell",
        "hidden": 6,
        "embedding": 3,
        "combinations": ["add", "elem_mult", "max"],
        "activations": ["identity", "tanh", "sigmoid", "relu", "sin"],
    },
}
KINDS = {
    "convolutional": "skips",
    "nas_bench_201": "nas_bench_201",
    "recurrent_cell": "cells",
    "staged": "stages",
}
OTHER = Normalisation(0.003, 0.2)

needs_onnx = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("onnx", "onnxscript", "onnxruntime")),
    reason="the extra onnx is not installed (pip install -e '.[onnx]')",
)


def shape_of(space):
    """Shape of an example, and the number of outputs."""
    return ((), SYMBOLS) if space.name == "recurrent_cell" else (IMAGE, 6)


def trained(network):
    """A network whose weights and moments all differ from those that it starts with."""
    generator = torch.Generator().manual_seed(1)
    for name, value in network.state_dict().items():
        if value.is_floating_point():
            value.add_(torch.rand(value.shape, generator=generator), alpha=0.3)
        assert "running_var" not in name or (value > 0).all()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps, module.momentum = OTHER
    return network.eval()


def sampled(space, count, seed=0):
    """Architectures of a space."""
    rng = np.random.default_rng(seed)
    return [space.decode(space.sample(rng)) for _ in range(count)]


def several(space, network, steps=4):
    """Random arguments of a call, of several steps for a language model."""
    args = space.examples(network, IMAGE, 3, torch.Generator().manual_seed(2))
    if space.name == "recurrent_cell":
        symbols = torch.randint(SYMBOLS, (steps, 3), generator=torch.Generator().manual_seed(3))
        args = (symbols, args[1])
    return args


def values(outputs):
    """The tensors of nested tuples."""
    if isinstance(outputs, torch.Tensor):
        return [outputs]
    return [tensor for each in outputs for tensor in values(each)]


def assert_same(found, expected, tolerance=1e-6):
    for one, other in zip(values(found), values(expected), strict=True):
        scale = max(1.0, other.abs().max().item())
        torch.testing.assert_close(one, other, rtol=0, atol=tolerance * scale)


def handed_over(folder, kind="skips", seed=0, **changes):
    """Write the folder of a network of a space."""
    space = make_space(SPACES[kind])
    shape, outputs = shape_of(space)
    (architecture,) = sampled(space, 1, seed)
    torch.manual_seed(0)
    network = trained(space.build(architecture, shape, outputs))
    preprocessing = GREY if shape else TextPreprocessing("word", tuple("abcdefghijk"))
    arguments = {
        "network": network,
        "space": space,
        "architecture": architecture,
        "input_shape": shape,
        "outputs": outputs,
        "preprocessing": preprocessing,
    }
    return network, handover.write(folder, **{**arguments, **changes})


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A folder of images, and one of a language model; nobody changes them."""
    place = tmp_path_factory.mktemp("folders")
    handed_over(place / "images", "skips", facts=FACTS)
    handed_over(place / "text", "cells")
    return place


# -- source --------------------------------------------------------------------------------------
def sources(kind, count=12):
    """The files of sampled networks of a space, with the networks."""
    space = make_space(SPACES[kind])
    shape, outputs = shape_of(space)
    for architecture in sampled(space, count):
        network = trained(space.build(architecture, shape, outputs))
        source = space.source(architecture, shape, outputs, OTHER)
        yield space, network, network_file(source, GREY if shape else None)


@pytest.mark.parametrize("kind", SPACES)
def test_the_source_builds_the_same_network(kind, tmp_path):
    for space, network, text in sources(kind):
        file = tmp_path / "network.py"
        file.write_text(text)
        built = runpy.run_path(str(file))["Network"]()
        assert list(built.state_dict()) == list(network.state_dict())
        built.load_state_dict(network.state_dict())
        args = several(space, network)
        with torch.no_grad():
            assert_same(built.eval()(*args), network(*args))
            assert_same(drawn(built.train(), args), drawn(network.train(), args))


def drawn(network, args):
    """The outputs of a network in training, whose dropout draws the same."""
    torch.manual_seed(3)
    return network(*args)


@pytest.mark.skipif(find_spec("ruff") is None, reason="ruff is not installed")
@pytest.mark.parametrize("width", [88, 100])
def test_the_source_is_formatted(tmp_path, width):
    for kind in SPACES:
        for number, (_, _, text) in enumerate(sources(kind, 3)):
            (tmp_path / f"{kind.replace(' ', '_').replace(',', '')}_{number}.py").write_text(text)
    for command in (["format", "--diff"], ["check", "--select", "E,F,I,B,SIM,UP"]):
        program = [sys.executable, "-m", "ruff", *command, "--isolated"]
        program += ["--line-length", str(width), str(tmp_path)]
        done = subprocess.run(program, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_source_says_what_each_layer_reads(tmp_path):
    space = make_space({**CONVOLUTIONAL, "strides": [1, 2]})
    layers = [
        {"filter_height": 3, "filter_width": 5, "stride_height": 1, "stride_width": 2,
         "filters": 4, "inputs": inputs}
        for inputs in ([], [1], [1, 2])
    ]  # fmt: skip
    architecture = space.parse({"space": "convolutional", "layers": layers})
    text = network_file(space.source(architecture, IMAGE, 6), None)
    assert "# layer 3: 3x5, 4 filters, stride 1x2, reads 1 and 2\n" in text
    assert "x3 = layer[3](join(x1, x2))\n" in text


def test_a_space_without_source_says_so():
    space = make_space({"name": "choices", "options": [2, 2]})
    assert not space.writes_source
    with pytest.raises(InvalidValue, match="space choices writes no source of its networks"):
        space.source(space.decode((0, 1)), (), 2)


# -- the folder ----------------------------------------------------------------------------------
ALONE = """
import runpy, sys
sys.modules.update(dict.fromkeys(["numpy", "safetensors", "search_spaces", "nas_env"]))
import torch
names = runpy.run_path("{folder}/network.py")
inputs = torch.load("inputs.pt", weights_only=True)
with torch.no_grad():
    torch.save(names["load"]()(*inputs), "outputs.pt")
runpy.run_path("{folder}/network.py", run_name="__main__")
"""
FILES = {"README.md", "architecture.json", "network.json", "network.png", "network.pt2"}
FILES |= {"network.py", "network.svg", "weights.safetensors"}


@pytest.mark.parametrize("kind", KINDS.values())
def test_a_folder_gives_the_network_in_each_of_its_forms(kind, tmp_path):
    folder = tmp_path / "final" / "network"
    network, written = handed_over(folder, kind)
    space = make_space(SPACES[kind])
    assert {file.name for file in folder.iterdir()} - {"network.onnx"} == FILES
    assert [line[:13] for line in written.left_out] in ([], ["network.onnx:"])
    assert [path.name for path in folder.parent.iterdir()] == ["network"]
    args = several(space, network)
    with torch.no_grad():
        expected = network(*args)
        assert_same(nas_env.load(folder)(*args), expected)
    torch.save(args, tmp_path / "inputs.pt")
    program = [sys.executable, "-c", ALONE.format(folder=folder)]
    done = subprocess.run(program, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert_same(torch.load(tmp_path / "outputs.pt", weights_only=True), expected)
    count = sum(weights.numel() for weights in network.parameters())
    assert done.stdout.splitlines()[-1] == f"{count:,} parameters"
    exported = torch.export.load(folder / "network.pt2").module()
    for batch in (1, 2, 5):
        inputs = space.examples(network, IMAGE, batch)
        with torch.no_grad():
            assert_same(exported(*inputs), network(*inputs))


@needs_onnx
@pytest.mark.parametrize("kind", KINDS.values())
def test_the_onnx_file_gives_the_network(kind, tmp_path):
    import onnx
    import onnxruntime

    folder = tmp_path / "network"
    network, written = handed_over(folder, kind)
    assert written.left_out == ()
    file, space = str(folder / "network.onnx"), make_space(SPACES[kind])
    assert [entry.version for entry in onnx.load(file).opset_import if not entry.domain] == [18]
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    assert tuple(each.name for each in session.get_outputs()) == space.output_names
    assert all("batch" in each.shape for each in session.get_inputs())
    for batch in (1, 2, 5):
        inputs = space.examples(network, IMAGE, batch)
        arrays = (value.numpy() for value in values(inputs))
        found = session.run(None, dict(zip(space.input_names, arrays, strict=True)))
        with torch.no_grad():
            assert_same([torch.from_numpy(x) for x in found], network(*inputs), 1e-4)


def test_every_kind_of_space_is_handed_over():
    """A further space that writes source gets an entry here."""
    writing = {
        n for n in space_names() if space_class(n)._write_source.__qualname__[:8] != "Networks"
    }
    assert writing == set(KINDS)


def test_a_network_is_handed_over_as_it_was_trained(tmp_path):
    """Its weights lie channels-last, and it goes on being trained."""
    space = make_space({**CONVOLUTIONAL, "layers": 12, "filters": [24], "filter_sizes": [5, 7]})
    (architecture,) = sampled(space, 1)
    network = trained(space.build(architecture, IMAGE, 6)).train()
    network.to(memory_format=torch.channels_last)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    handed_over(tmp_path / "network", network=network, space=space, architecture=architecture)
    assert network.training
    assert all(torch.equal(value, before[n]) for n, value in network.state_dict().items())
    weights = nas_env.load(tmp_path / "network").network.state_dict()
    assert all(torch.equal(value, weights[name]) for name, value in before.items())


def test_a_space_without_source_is_handed_over_without_it(tmp_path):
    space = make_space({"name": "tests.outside_space:TowerSpace"})
    (architecture,) = sampled(space, 1)
    network = space.build(architecture, IMAGE, 6)
    _, written = handed_over(
        tmp_path / "tower", network=network, space=space, architecture=architecture
    )
    assert written.left_out[0] == f"network.py: space {space.name} writes no source"
    assert not (tmp_path / "tower" / "network.py").exists()
    assert "Not in this folder:\n\n- network.py" in (tmp_path / "tower" / "README.md").read_text()
    images = torch.randn(4, *IMAGE)
    exported = torch.export.load(tmp_path / "tower" / "network.pt2").module()
    with torch.no_grad():
        assert_same(nas_env.load(tmp_path / "tower")(images), network(images))
        assert_same(exported(images), network(images))


@pytest.mark.parametrize("kind", ["cells", "masks", "shared, of another length"])
def test_a_reference_is_handed_over_too(kind, tmp_path):
    space = make_space(SPACES[kind])
    architecture = space.parse({"native": "lstm"})
    network = space.build(architecture, (), SYMBOLS).eval()
    handed_over(tmp_path / "lstm", kind, architecture=architecture, network=network)
    args = several(space, network)
    with torch.no_grad():
        assert_same(nas_env.load(tmp_path / "lstm")(*args), network(*args))


# -- preprocessing -------------------------------------------------------------------------------
def image_data(height=9, width=7, channels=2):
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (40, height, width, channels), generator=generator).byte()
    labels = torch.arange(40) % 4
    return ImageData(images[:30], labels[:30], images[30:], labels[30:])


RECIPES = {
    "as they are": ImageRecipe(upsample=0),
    "enlarged": ImageRecipe(upsample=12),
    "enlarged for training alone": ImageRecipe(upsample=12, validation_view="original"),
    "reduced": ImageRecipe(upsample=7, resolution=6),
    "each by itself": ImageRecipe(upsample=0, resolution=4, whitening="image"),
}


@pytest.mark.parametrize("name", RECIPES)
def test_preprocessing_is_what_was_done_to_validation_images(name):
    data, recipe = image_data(), RECIPES[name]
    ((expected, _),) = data.views(recipe).validation_batches(100)
    numbers = ImagePreprocessing.of(data, recipe)
    assert_same(Preprocess(numbers)(data.validation_images), expected)
    assert numbers.pixel_range == (0, 255)


@pytest.mark.parametrize("name", RECIPES)
def test_programs_can_take_bytes(name, tmp_path):
    data, recipe = image_data(), RECIPES[name]
    numbers = ImagePreprocessing.of(data, recipe)
    space = make_space(SPACES["strides"])
    (architecture,) = sampled(space, 1)
    shape = (2, *numbers.size)
    network = trained(space.build(architecture, shape, 4))
    handed_over(
        tmp_path / "network",
        "strides",
        network=network,
        input_shape=shape,
        outputs=4,
        preprocessing=numbers,
        with_preprocessing=True,
    )
    loaded = nas_env.load(tmp_path / "network")
    assert loaded.preprocessing == numbers
    exported = torch.export.load(tmp_path / "network" / "network.pt2").module()
    images = data.validation_images
    with torch.no_grad():
        ((whitened, _),) = data.views(recipe).validation_batches(100)
        expected = network(whitened)
        assert_same(loaded(loaded.preprocess(images)), expected)
        assert_same(loaded(loaded.preprocess(images.numpy())), expected)
        assert_same(exported(images), expected)


def test_images_of_another_form_are_refused(folders):
    loaded = nas_env.load(folders / "images")
    with pytest.raises(
        InvalidValue, match=r"images are float32 \(1, 2\), expected uint8 \(batch, 9"
    ):
        loaded.preprocess(torch.zeros(1, 2))
    with pytest.raises(InvalidValue, match="nothing is known of how images become"):
        nas_env.load(folders / "text").preprocess(torch.zeros(1, 2))


def test_a_symbol_without_a_number_is_named():
    numbers = TextPreprocessing("character", tuple("ab_"))
    assert numbers.numbers("b_a").tolist() == [[1], [2], [0]]
    with pytest.raises(InvalidValue, match="'c' is no character of the 3 known"):
        numbers.numbers("abc")


# -- what goes wrong -----------------------------------------------------------------------------
def nothing_was_written(folder):
    return list(folder.iterdir()) == []


def test_a_network_of_another_architecture_is_found_out(tmp_path):
    space = make_space(SPACES["skips"])
    network = trained(space.build(sampled(space, 1, seed=5)[0], IMAGE, 6))
    with pytest.raises(
        InvalidValue, match=r"network is not of this architecture: layers.0.0.weight"
    ):
        handed_over(tmp_path / "network", network=network)
    assert nothing_was_written(tmp_path)


class WithoutReLU(nn.Module):
    """A network with the right weights that computes something else."""

    def __init__(self, network):
        super().__init__()
        self.layers, self.classifier = network.layers, network.classifier

    def forward(self, images):
        return self.classifier(self.layers[0](images).mean(dim=(2, 3)).repeat(1, 9)[:, : self.read])

    @property
    def read(self):
        return self.classifier.in_features


def test_a_network_that_computes_something_else_is_found_out(tmp_path):
    space = make_space(SPACES["skips"])
    network = trained(space.build(sampled(space, 1)[0], IMAGE, 6))
    with pytest.raises(ExportDiffers, match=r"loaded network gives other outputs .* differ by"):
        handed_over(tmp_path / "network", network=WithoutReLU(network))
    assert nothing_was_written(tmp_path)


@pytest.mark.parametrize("wrong", ["1.001 * self.classifier(", "self.oops("])
def test_a_wrong_source_is_found_out(wrong, tmp_path, monkeypatch):
    from nas_env.handover import _write

    def changed(*arguments):
        return network_file(*arguments).replace("self.classifier(", wrong)

    monkeypatch.setattr(_write, "network_file", changed)
    with pytest.raises(ExportDiffers, match=r"network.py (gives other outputs|cannot be run)"):
        handed_over(tmp_path / "network")
    assert nothing_was_written(tmp_path)


def test_weights_that_are_not_finite_are_refused(tmp_path):
    space = make_space(SPACES["skips"])
    network = trained(space.build(sampled(space, 1)[0], IMAGE, 6))
    network.classifier.bias.data[0] = float("nan")
    with pytest.raises(NASError, match=r"weights that are not finite, as in classifier.bias"):
        handed_over(tmp_path / "network", network=network)
    assert nothing_was_written(tmp_path)


def test_a_folder_that_is_there_is_left_alone(tmp_path):
    (tmp_path / "kept").write_text("mine")
    with pytest.raises(InvalidValue, match="is there already"):
        handed_over(tmp_path)
    assert [file.read_text() for file in tmp_path.iterdir()] == ["mine"]


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NASError, match="cannot be written: "):
        handed_over(tmp_path / "file" / "network")


def test_bytes_go_in_where_images_are_known(tmp_path):
    with pytest.raises(InvalidValue, match="with_preprocessing needs"):
        handed_over(tmp_path / "network", preprocessing=None, with_preprocessing=True)


def test_damaged_folders_are_said_in_one_line(folders, tmp_path):
    with pytest.raises(InvalidValue, match=r"is not the folder of a network"):
        nas_env.load(tmp_path)
    shutil.copytree(folders / "images", tmp_path / "network")
    whole = (tmp_path / "network" / "weights.safetensors").read_bytes()
    for damage, said in ((whole[:100], "cannot be read"), (None, "cannot be read")):
        shutil.copytree(tmp_path / "network", tmp_path / "copy")
        file = tmp_path / "copy" / "weights.safetensors"
        file.unlink() if damage is None else file.write_bytes(damage)
        with pytest.raises(InvalidValue, match=said) as error:
            nas_env.load(tmp_path / "copy")
        assert "\n" not in str(error.value)
        shutil.rmtree(tmp_path / "copy")
    settings = json.loads((tmp_path / "network" / "network.json").read_text())
    (tmp_path / "network" / "network.json").write_text(json.dumps({**settings, "format": 2}))
    with pytest.raises(InvalidValue, match="has format 2, this version reads 1"):
        nas_env.load(tmp_path / "network")


# -- the model card ------------------------------------------------------------------------------
FACTS = {
    "title": "The best of a search",
    "data": {"task": "digits", "training images": 1400},
    "licence": "CC BY 4.0",
    "recipe": {"epochs": 30, "learning_rate": 0.1, "decay_points": [0.5, 0.75]},
    "seeds": [0, 1, 2],
    "scores": [
        {"split": "test", "accuracy": 0.98236, "low": 0.964, "high": 0.993, "seeds": 3},
        {"split": "validation", "accuracy": 0.99},
    ],
    "search": "`--agent reinforce`, 200 children",
}


def test_the_card_says_the_facts(folders):
    card = (folders / "images" / "README.md").read_text()
    assert card.startswith("# The best of a search\n")
    assert "| test | 0.9824 | 0.964 | 0.993 | 3 |" in card
    assert "- training images: 1,400" in card
    assert "## Random search, for comparison\n\nNot stated.\n" in card
    assert "- mean of each channel, subtracted: 20, 30" in card
    assert nas_env.load(folders / "images").facts["licence"] == "CC BY 4.0"


@pytest.mark.parametrize("kind", ["images", "text"])
def test_the_python_of_the_card_runs(kind, folders, monkeypatch):
    monkeypatch.chdir(folders / kind)
    card = (folders / kind / "README.md").read_text()
    first, second = re.findall(r"^```python\n(.*?)^```$", card, re.DOTALL | re.MULTILINE)
    names = {"images": GREY.examples(2, torch.Generator()), "text": "c a b"}
    exec(first, names)
    exec(second, names)
    assert kind == "text" or names["network"](torch.zeros(2, *IMAGE)).shape == (2, 5)


@pytest.mark.parametrize("fact", [np.float32(1), float("nan")])
def test_a_fact_that_is_not_plain_is_refused(fact, tmp_path):
    with pytest.raises(InvalidValue, match="fact data is not plain JSON"):
        handed_over(tmp_path / "network", facts={"data": {"value": fact}})


def test_an_unknown_fact_is_refused(tmp_path):
    with pytest.raises(UnknownName, match=r"score.*did you mean 'scores'"):
        handed_over(tmp_path / "network", facts={"score": 1})
    assert nothing_was_written(tmp_path)


def test_settings_build_the_network_with_its_normalisation():
    space = make_space(SPACES["skips"])
    (architecture,) = sampled(space, 1)
    settings = Settings(space, architecture, IMAGE, 6, OTHER, None, {})
    norms = [m for m in settings.build().modules() if isinstance(m, nn.BatchNorm2d)]
    assert {(norm.eps, norm.momentum) for norm in norms} == {OTHER}
    assert replace(settings, outputs=7).build().classifier.out_features == 7
