"""Sizes of environments, tables, spaces and networks that the pages state are the code's."""

import re

import gymnasium
import numpy as np
import pytest
import torch

from nas_env.problem import Problem
from nas_env.table.format import read_table, shipped
from nas_env.tasks.digits import Digits
from nas_env.tasks.nas_bench_201 import DATA_SETS
from nas_env.tasks.penn_treebank import PennTreebank
from nas_env.tasks.penn_treebank_characters import SIZE, PennTreebankCharacters
from search_spaces import make_space, published_architecture
from search_spaces.convolutional import ConvolutionalSpace
from search_spaces.nas_bench_201 import NASBench201Space
from search_spaces.recurrent_cell import RecurrentCellSpace
from search_spaces.recurrent_cell._network import reference_model
from tests._needed import made, task_of
from tests._pages import PAGES, number, numbers, prose, says, table, tables


# -- environments --------------------------------------------------------------------------------
def ids_of(cell):
    """The ids that a cell names, endings like ``-CIFAR100-v0`` completed."""
    names = re.findall(r"`([\w-]+-v\d)`", cell)
    return [f"NAS-Bench-201{name}" if name.startswith("-") else name for name in names]


@pytest.mark.parametrize("page", PAGES)
def test_decisions_and_sizes_of_environments(page):
    for found in tables(page):
        column = next((h for h in found.header if h in ("id", "id, settings")), None)
        if column is None or "decisions" not in found.header:
            continue
        for row in found.rows:
            changes = {k: int(v) for k, v in re.findall(r"`(\w+)=(\d+)`", row[0])}
            for id in ids_of(row[0]):
                env = gymnasium.make(f"nas_env:{id}", task=task_of(id), **changes)
                space = env.unwrapped.search_space
                env.close()
                said = dict(zip(found.header, row, strict=True))
                assert int(said["decisions"]) == space.length(), (page, id)
                if "sequences" in said:
                    assert powers(space.size) == said["sequences"], (page, id)


def powers(size):
    """A size as pages write it: 1.1e9."""
    return f"{size:.1e}".replace("e+0", "e").replace("e+", "e")


def test_tables_that_ship_or_are_brought():
    digits = read_table(shipped("nas_bench_digits.npz"))
    sizes = [len(digits.tokens), len(digits.column("validation"))]
    assert says("docs/tables.md", r"# \(# different networks\)") == sizes
    assert says("docs/nas_bench_digits.md", r": # sequences.*share a row, and # networks") == sizes
    assert says("docs/nas_bench_digits.md", r"number of parameters \(# to #\)") == [
        digits.parameters.min(),
        digits.parameters.max(),
    ]
    space = NASBench201Space()
    assert says("docs/search_space.md", r"Its # cells") == space.size
    for row in table("docs/tables.md", "NAS-Bench-201", "classes").rows:
        _, classes, images, parameters, multiply_adds = row
        name = {"10": "cifar10", "100": "cifar100", "120": "imagenet16"}[classes]
        data = DATA_SETS[name]
        assert images == f"{data.side}x{data.side}" and int(classes) == data.classes
        shape, largest = (3, data.side, data.side), np.full((1, 6), 3)
        (counted,), (flops,) = space.published_costs(largest, shape, data.classes)
        assert (number(parameters), number(multiply_adds)) == (counted, flops // 2)


# -- search spaces -------------------------------------------------------------------------------
def test_decisions_of_a_convolutional_layer():
    found = table("docs/search_space.md", "Decisions", "options by default").column(
        "options by default"
    )
    space = ConvolutionalSpace()
    for name, options in (
        ("filter height", space.filter_sizes),
        ("filter width", space.filter_sizes),
        ("stride height", space.strides),
        ("stride width", space.strides),
        ("number of filters", space.filters),
    ):
        assert tuple(map(int, numbers(found[name]))) == options


def parameters(space, architecture, more=0, shape=(3, 32, 32)):
    """Of a network with so many filters more in each layer."""
    for layer in architecture["layers"]:
        layer["filters"] += more
    return space.cost(space.parse(architecture), shape, 10).parameters


def test_parameters_of_the_published_network():
    published = published_architecture("zoph_le_2017_v1")
    space = ConvolutionalSpace(layers=15)
    said = says("docs/search_space.md", r"published network has # parameters")
    assert said == parameters(space, published)
    beginning = {"space": "convolutional", "layers": published["layers"][:13]}
    for layer in beginning["layers"]:
        layer["filters"] = {36: 24, 48: 36}[layer["filters"]]
    found = table("docs/search_space.md", "Blocks and pooling", '`block_output="last"`')
    for more, row in zip((0, 40), found.rows, strict=False):
        for output, cell in zip(("last", "all"), row[1:], strict=True):
            blocks = make_space(
                {
                    "name": "convolutional",
                    "layers": 13,
                    "block": 3,
                    "block_output": output,
                    "pooling": [4, 8],
                }
            )
            assert f"{parameters(blocks, copy_of(beginning), more) / 1e6:.1f}M" == cell


def copy_of(architecture):
    return {**architecture, "layers": [dict(layer) for layer in architecture["layers"]]}


def test_sizes_of_recurrent_cells():
    page, space = "docs/search_space.md", RecurrentCellSpace()
    assert says(page, r"default of `parameters` is #, ") == space.parameters
    cell = space.decode((0,) * space.length())
    with torch.device("meta"):
        units = space.build(cell, (), PennTreebank.outputs).core.hidden_size
    assert says(page, r"gives # units for # words") == [units, PennTreebank.outputs]
    assert says(page, r"there are # decisions") == space.length()
    larger = RecurrentCellSpace(
        combinations=("add", "elem_mult", "max"),
        activations=("identity", "tanh", "sigmoid", "relu", "sin"),
    )
    assert f"{powers(space.size)} sequences" in prose(page)
    assert f"`activations=`) {powers(larger.size)}" in prose(page)


def test_sizes_of_character_models():
    """As NAS-PTBChar-v0 has them, its cells and the LSTM that is trained beside."""
    page = "docs/search_space.md"
    space, outputs = RecurrentCellSpace(**SIZE), PennTreebankCharacters.outputs
    with torch.device("meta"):
        cell = space.build(space.decode((0,) * space.length()), (), outputs)
        lstm = reference_model("lstm", vocabulary=outputs, **space.child_settings)
    units = [model.core.hidden_size for model in (lstm, cell)]
    assert says(page, r"an LSTM has # units and a base-8 cell #") == units
    assert round(space.parameters / 1e6, 2) == says(page, r"with their # million parameters")


def test_operations_of_nas_bench_201():
    """Of fifteen cells, five of each width."""
    page, space = "docs/search_space.md", NASBench201Space()
    rows = np.array([[token, 0, 0, 0, 0, 0] for token in (0, 2, 3)])
    counted, _ = space.published_costs(rows, (3, 32, 32), 10)
    skeleton = counted[0]
    said = [skeleton, *(counted[1:] - skeleton)]
    assert [
        number(n)
        for n in re.search(
            r"([\d,]+),? (?:plus|and) ([\d,]+) (?:for )?(?:a|each) 1x1 and ([\d,]+)", prose(page)
        ).groups()
    ] == said


def test_recipes_of_the_readme():
    """How many epochs a child has by default, where the table says it."""
    said = table("README.md", "Environments", "recipe by default").column("recipe by default")
    for ids, cell in said.items():
        for id in ids_of(ids):
            task = made(**task_of(id))
            cpu, cuda = (task.recipes.get(task.default_recipes.get(d, "")) for d in ("cpu", "cuda"))
            if found := re.match(r"(\d+) epochs", cell):
                assert int(found[1]) == cpu.epochs, id
            if found := re.search(r"the paper's (\d+) on CUDA", cell):
                assert int(found[1]) == cuda.epochs, id


def test_the_default_environment_is_what_the_readme_says():
    problem = Problem("digits", "convolutional", layers=4, filters=[6, 12, 24, 36])
    assert says("README.md", r"# convolutional layers of # to # filters") == [
        problem.space.layers,
        min(problem.space.filters),
        max(problem.space.filters),
    ]
    assert says("README.md", r"digits, # images of #x8") == [
        Digits.available - Digits().validation_size,
        Digits.input_shape[1],
    ]
