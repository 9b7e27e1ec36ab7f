"""NAS-Bench-201's cells: their forms, the published sizes, the authors' table, training."""

import itertools
import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from nas_env.drawing import draw_graph, text_graph, to_rgb
from nas_env.problem import Problem
from nas_env.tasks.cifar10 import CIFAR10
from nas_env.training.augmentation import pad
from search_spaces import InvalidArchitecture, InvalidValue, make_space
from search_spaces.nas_bench_201 import NASBench201Cell, NASBench201Space
from search_spaces.nas_bench_201._identity import OPERATIONS
from search_spaces.nas_bench_201._network import Cell, NASBench201Network, ResidualBlock

SPACE = NASBench201Space()
NONE, SKIP, C1, C3, POOL = range(5)
IMAGE = (3, 32, 32)

RESNET = "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|skip_connect~2|"
# The authors' cells 0 and 1; what they cost stands in D-X-Y/NATS-Bench, issues 24 and 18.
ZERO = "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|"  # noqa: E501
ONE = "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|"  # noqa: E501
# The best of their table on CIFAR-10, and on CIFAR-100 (D-X-Y/AutoDL-Projects, issue 103).
BEST = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_1x1~2|"  # noqa: E501
SIZES = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"  # noqa: E501
LARGEST = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|"  # noqa: E501


def cell(*tokens):
    return SPACE.decode(tokens)


# -- the space and its forms ---------------------------------------------------------------------
def test_decisions_are_the_edges_in_the_order_of_the_table():
    names = [f"edge {edge}" for edge in ("0>1", "0>2", "1>2", "0>3", "1>3", "2>3")]
    assert [d.name for d in SPACE.decisions] == names
    options = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
    assert {(d.kind, d.options) for d in SPACE.decisions} == {("operation", options)}
    assert SPACE.size == 15_625


@pytest.mark.parametrize(
    "text, tokens",
    [
        (RESNET, (C3, NONE, C3, SKIP, NONE, SKIP)),
        (ZERO, (POOL, C1, SKIP, C1, SKIP, SKIP)),
        (ONE, (C3, C3, POOL, SKIP, C3, SKIP)),
        (BEST, (C3, C3, C3, SKIP, C3, C1)),
        (SIZES, (C3, C3, C3, SKIP, C3, C3)),
        (LARGEST, (C3,) * 6),
    ],
)
def test_the_benchmarks_own_strings(text, tokens):
    found = NASBench201Cell.from_string(text)
    assert SPACE.encode(found) == tokens
    assert found.to_string() == text
    assert SPACE.from_json(found.to_json()) == found == SPACE.decode(tokens)


def test_every_cell_has_its_own_string():
    texts = {cell(*tokens).to_string(): tokens for tokens in itertools.product(range(5), repeat=6)}
    assert len(texts) == SPACE.size
    for text, tokens in itertools.islice(texts.items(), 0, None, 97):
        assert NASBench201Cell.from_string(f" {text}\n") == cell(*tokens)


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "unknown key"),
        ("|none~0|", "no '0>2'"),
        (RESNET + "+|none~0|none~1|none~2|none~3|", "unknown key '0>4'"),
        (RESNET.replace("none~1", "none~0"), "edge 0>3 stands twice"),
        (RESNET.replace("none~0", "none~2"), "unknown key '2>2'"),
        (RESNET.replace("nor_conv_3x3~0", "nor_conv_3~0"), "did you mean 'nor_conv_3x3'"),
        (None, "unknown key"),
    ],
)
def test_bad_strings_are_refused(text, message):
    with pytest.raises(InvalidArchitecture, match=message):
        NASBench201Cell.from_string(text)


EDGES_OF_RESNET = NASBench201Cell.from_string(RESNET).to_dict()["edges"]


@pytest.mark.parametrize(
    "description, message",
    [
        ({"space": "nas_bench_201"}, "no 'edges'"),
        ({"space": "nas_bench_101", "edges": EDGES_OF_RESNET}, "expected 'nas_bench_201'"),
        ({"space": "nas_bench_201", "edges": ["none"] * 6}, "must be an object"),
        ({"space": "nas_bench_201", "edges": {"0>1": "none"}}, "no '0>2'"),
        ({"space": "nas_bench_201", "edges": {**EDGES_OF_RESNET, "1>0": "none"}}, "key '1>0'"),
        ({"space": "nas_bench_201", "edges": {**EDGES_OF_RESNET, "0>1": 3}}, "edge 0>1 is 3"),
        ({"space": "nas_bench_201", "edges": {**EDGES_OF_RESNET, "0>1": ["none"]}}, "edge 0>1"),
        ({"space": "nas_bench_201", "edges": EDGES_OF_RESNET, "nodes": 4}, "key 'nodes'"),
    ],
)
def test_bad_json_is_refused(description, message):
    with pytest.raises(InvalidArchitecture, match=message):
        SPACE.from_json(json.dumps(description))


def test_bad_cells_and_settings_are_refused():
    with pytest.raises(InvalidArchitecture, match="5 operations, expected 6"):
        NASBench201Cell(("none",) * 5)
    with pytest.raises(InvalidArchitecture, match="expected a NASBench201Cell"):
        SPACE.encode("none")
    for settings in ({"cells": 0}, {"channels": 0}, {"cells": 1_000}, {"channels": 2.5}):
        with pytest.raises(InvalidValue):
            make_space({"name": "nas_bench_201", **settings})


# -- the network ---------------------------------------------------------------------------------
def by_hand(operations, channels=16, cells=5, colours=3, outputs=10):
    """Trainable numbers, counted layer by layer."""
    count = colours * channels * 9 + 2 * channels  # the stem and its normalisation
    for stage in range(3):
        width = channels * 2**stage
        of = {"nor_conv_1x1": width**2 + 2 * width, "nor_conv_3x3": 9 * width**2 + 2 * width}
        count += cells * sum(of.get(operation, 0) for operation in operations)
    for narrow in (channels, 2 * channels):  # the residual blocks
        wide = 2 * narrow
        count += 9 * narrow * wide + 2 * wide + 9 * wide**2 + 2 * wide + narrow * wide
    return count + 2 * 4 * channels + (4 * channels + 1) * outputs


def size(module):
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize(
    "text, parameters, macs",
    [  # as the authors' table has them; multiply-adds count the classifier's bias
        (ZERO, 129_306, 15_647_370),
        (ONE, 802_426, 113_951_370),
        (LARGEST, 1_531_546, 220_119_690),
    ],
)
def test_children_cost_what_the_authors_published(text, parameters, macs):
    network = NASBench201Cell.from_string(text)
    cost = SPACE.cost(network, IMAGE, 10)
    assert cost.parameters == by_hand(network.operations) == parameters
    assert cost.flops // 2 + 10 == macs


@pytest.mark.parametrize("input_shape, classes", [(IMAGE, 10), (IMAGE, 100), ((3, 16, 16), 120)])
def test_many_cells_cost_what_one_does(input_shape, classes):
    """On cells of which every convolution reaches the output, so that both counts are one."""
    whole = [(C3,) * 6, (C3, C1, C3, POOL, SKIP, C1), (POOL, C1, SKIP, C1, SKIP, SKIP), (NONE,) * 6]
    found = np.transpose(SPACE.published_costs(np.array(whole), input_shape, classes))
    for tokens, costs in zip(whole, found.tolist(), strict=True):
        assert tuple(costs) == SPACE.cost(cell(*tokens), input_shape, classes)
    odd = NASBench201Space(cells=2, channels=4)
    ((parameters,), (flops,)) = odd.published_costs(np.array([whole[1]]), (1, 7, 5), 3)
    assert (parameters, flops) == odd.cost(cell(*whole[1]), (1, 7, 5), 3)


@pytest.mark.parametrize("tokens", [(C3, C1, C3, POOL, SKIP, C1), (C1, NONE, NONE, NONE, C3, C3)])
def test_parameters_by_hand(tokens):
    operations = cell(*tokens).operations
    for settings in ((1, 4, 1, 3), (2, 6, 3, 10)):
        cells, channels, colours, outputs = settings
        child = NASBench201Network(operations, cells, channels, colours, outputs)
        assert size(child) == by_hand(operations, channels, cells, colours, outputs)


def filled(module):
    """In double precision, evaluated, with batch norms that do something."""
    module = module.double().eval()
    for part in module.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            for tensor in (part.weight, part.bias, part.running_mean):
                torch.nn.init.normal_(tensor)
            torch.nn.init.uniform_(part.running_var, 0.5, 2.0)
    return module


def images(*shape):
    return torch.randn(*shape, dtype=torch.float64)


def relu_conv_norm(block, x):
    """Written out: ReLU first, then the convolution, then the normalisation."""
    _, conv, norm = block
    y = functional.conv2d(torch.relu(x), conv.weight, None, conv.stride, conv.padding)
    column = (slice(None), None, None)
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return (y - norm.running_mean[column]) * scale[column] + norm.bias[column]


def test_a_cell_adds_up_what_its_edges_bring():
    torch.manual_seed(0)
    child = filled(Cell(cell(C3, C1, SKIP, POOL, NONE, C3).operations, 4))
    x = images(2, 4, 6, 5)
    one = relu_conv_norm(child.edges["0>1"], x)
    two = relu_conv_norm(child.edges["0>2"], x) + one
    three = functional.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
    torch.testing.assert_close(child(x), three + relu_conv_norm(child.edges["2>3"], two))
    assert child.edges["0>1"][1].padding == (1, 1) and child.edges["0>2"][1].padding == (0, 0)


def test_pooling_counts_no_padding_and_none_gives_zeros():
    ones = torch.ones(1, 2, 4, 4)
    assert torch.allclose(Cell(cell(0, 0, 0, POOL, 0, 0).operations, 2)(ones), ones)
    assert torch.equal(Cell(cell(*[NONE] * 6).operations, 2)(ones), torch.zeros_like(ones))


@pytest.mark.parametrize("height, width", [(8, 8), (7, 5), (1, 2)])
def test_a_residual_block_halves_the_map(height, width):
    torch.manual_seed(0)
    block = filled(ResidualBlock(3, 6))
    x = images(2, 3, height, width)
    body = relu_conv_norm(block.body[1], relu_conv_norm(block.body[0], x))
    assert body.shape == (2, 6, -(-height // 2), -(-width // 2)) == block(x).shape
    if height % 2 == width % 2 == 0:
        beside = functional.conv2d(functional.avg_pool2d(x, 2), block.shortcut[1].weight)
        torch.testing.assert_close(block(x), beside + body)


def test_the_skeleton():
    space = NASBench201Space(cells=2, channels=4)
    child = space.build(cell(*[C3] * 6), (3, 8, 8), 10)
    kinds = [type(part).__name__ for part in child.stages]
    assert kinds == ["Cell", "Cell", "ResidualBlock"] * 2 + ["Cell", "Cell"]
    assert space.construction == {"name": "nas_bench_201", "cells": 2, "channels": 4}
    x, kept = torch.randn(2, 3, 8, 8), []
    child.stages.register_forward_pre_hook(lambda _, given: kept.append(given[0]))
    child.stages.register_forward_hook(lambda _, __, out: kept.append(out))
    before = x.clone()
    logits = child(x)
    assert torch.equal(x, before) and logits.shape == (2, 10)
    assert [tuple(maps.shape) for maps in kept] == [(2, 4, 8, 8), (2, 16, 2, 2)]


# -- the authors' table --------------------------------------------------------------------------
@pytest.fixture(scope="module")
def table():
    path = Path(os.environ.get("NAS_DATA", "")) / "nas-bench-201.npz"
    if not path.is_file():
        pytest.skip("NAS_DATA names no folder with nas-bench-201.npz")
    return np.load(path, allow_pickle=False)


def test_the_tables_rows_are_the_cells(table):
    rows = [tuple(row) for row in table["ops"].tolist()]
    assert len(set(rows)) == len(rows) == SPACE.size
    for row in rows:
        assert SPACE.encode(SPACE.decode(row)) == row
    best = SPACE.decode(rows[int(np.argmax(table["c10_test200"]))])
    assert best.to_string() == BEST


def test_the_tables_parameters_are_those_of_the_networks(table):
    """The table counts convolutions that reach no output too: a network is built as it stands."""
    for row, millions in zip(table["ops"].tolist(), table["params_M_c10"], strict=True):
        assert by_hand([OPERATIONS[token] for token in row]) == round(float(millions) * 1e6)
    with torch.device("meta"):
        for index in range(0, SPACE.size, 1_500):
            operations = SPACE.decode(table["ops"][index].tolist()).operations
            child = NASBench201Network(operations, 5, 16, 3, 10)
            assert size(child) == round(float(table["params_M_c10"][index]) * 1e6)


# -- training and drawing ------------------------------------------------------------------------
def test_the_benchmarks_recipes():
    full, short = (CIFAR10.recipes[name] for name in ("nas_bench_201", "nas_bench_201_12"))
    assert (full.epochs, short.epochs) == (200, 12)
    assert {**full.spec, "epochs": 12} == short.spec
    facts = ("batch_size", "learning_rate", "momentum", "nesterov", "weight_decay", "schedule")
    assert [full.spec[name] for name in facts] == [256, 0.1, 0.9, True, 5e-4, "cosine"]
    assert (full.upsample, full.padding, full.flip) == (0, 4, True)


def test_padding_is_black_and_for_training_images_alone():
    padded = pad(torch.full((2, 4, 3, 1), 7, dtype=torch.uint8), 2)
    assert padded.shape == (2, 8, 7, 1) and padded.sum() == 2 * 4 * 3 * 7
    assert padded[:, 2:6, 2:5].eq(7).all()
    with pytest.raises(InvalidValue, match="padding is -1"):
        Problem(task="digits", space="nas_bench_201", recipe={"padding": -1})


def test_a_child_trains_on_the_digits_and_twins_share_its_number():
    problem = Problem(
        task={"name": "digits", "train_size": 200, "validation_size": 100},
        space="nas_bench_201",
        cells=1,
        channels=4,
        recipe={"epochs": 3, "batch_size": 20},
        device="cpu",
    )
    by_node_1, by_node_2, nothing = (C3, 0, 0, SKIP, C3, 0), (0, C3, 0, SKIP, 0, C3), (0,) * 6
    (_, one), (_, two), (_, zero) = problem.evaluate([by_node_1, by_node_2, nothing])
    problem.close()
    assert one.status == zero.status == "ok" and one == two
    assert one.curves["training_loss"][-1] < one.curves["training_loss"][0]
    assert one.curves["validation_accuracy"][-1] > 0.5 > zero.curves["validation_accuracy"][-1]
    assert one.parameters == by_hand(cell(*by_node_1).operations, 4, 1, 1, 10)


def test_a_cell_is_drawn_with_its_operations():
    vertices = SPACE.graph(NASBench201Cell.from_string(BEST))
    assert sum(vertex.kind == "3x3 convolution" for vertex in vertices) == 4
    last = " ".join(text_graph(vertices).splitlines()[-1].split())
    assert last == "9. node 3 sum <- 1. node 0, 7. 3x3 convolution, 8. 1x1 convolution"
    nothing = SPACE.graph(cell(*[NONE] * 6))
    assert [v.label for v in nothing] == ["input of the cell", "zeros", "zeros", "zeros"]
    assert to_rgb(draw_graph(nothing)).ndim == 3
