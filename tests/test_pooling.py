"""The paper's third experiment: blocks of convolutions, and pooling at given layers."""

import itertools
import json
from dataclasses import replace

import gymnasium
import numpy as np
import pytest
import torch
from torch.nn import functional

import nas_env  # noqa: F401 - registers the environments
from nas_env.drawing import draw_graph, text_graph, to_rgb
from nas_env.problem import Problem
from search_spaces import InvalidArchitecture, InvalidValue, make_space, published_architecture
from search_spaces.convolutional import (
    ConvolutionalArchitecture,
    ConvolutionalLayer,
    ConvolutionalSpace,
)
from search_spaces.convolutional._network import plan

PAPER = ConvolutionalSpace(layers=13, filters=(6, 12, 24, 36), pooling=(4, 8), block=3)


def architecture(*layers, pooling=()):
    """Of layers given as (filters, *inputs), all 3x3."""
    return ConvolutionalArchitecture(
        tuple(
            ConvolutionalLayer(3, 3, 1, 1, filters, tuple(inputs)) for filters, *inputs in layers
        ),
        pooling,
    )


def convolutions(child):
    return [m for m in child.modules() if isinstance(m, torch.nn.Conv2d)]


def sizes(child, shape):
    """The height of each convolution's map, in order."""
    seen = []
    for conv in convolutions(child):
        conv.register_forward_hook(lambda _, __, output: seen.append(tuple(output.shape[2:])))
    with torch.no_grad():
        child.eval()(torch.zeros(1, *shape))
    return seen


# -- the environment -----------------------------------------------------------------------------
def test_the_environment_is_the_papers_third_experiment():
    env = gymnasium.make("NAS-CIFAR10-Pooling-v0")
    space = env.unwrapped.search_space
    assert space == PAPER and space.length() == 13 * 3 + 13 * 12 // 2 == 117
    kinds = {d.kind: d.options for d in space.decisions}
    assert kinds["filters"] == (6, 12, 24, 36) and "stride height" not in kinds
    env.close()


def test_thirteen_layers_are_thirty_nine_convolutions_of_three_sizes():
    network = PAPER.decode(PAPER.sample(np.random.default_rng(0)))
    child = PAPER.build(network, (3, 32, 32), 10)
    assert sizes(child, (3, 32, 32)) == [(32, 32)] * 12 + [(16, 16)] * 12 + [(8, 8)] * 15
    for number, layer in enumerate(network.canonical().layers):
        for conv in convolutions(child)[3 * number : 3 * number + 3]:
            assert conv.kernel_size == (layer.filter_height, layer.filter_width)
            assert conv.out_channels == layer.filters


def like_the_published(space, filters):
    """The first 13 layers of the published network, its 36 and 48 filters replaced."""
    layers = published_architecture("zoph_le_2017_v1")["layers"][:13]
    changed = [{**layer, "filters": filters[layer["filters"]]} for layer in layers]
    return space.from_json(json.dumps({"space": "convolutional", "layers": changed}))


@pytest.mark.parametrize(
    "more, block_output, parameters",
    [(0, "last", 6.34), (40, "last", 34.27), (0, "all", 16.82), (40, "all", 91.63)],
)
def test_parameters_beside_the_papers(more, block_output, parameters):
    """The paper: 7.1M, and 37.4M with 40 more filters a layer. docs/search_space.md has these."""
    filters = tuple(count + more for count in PAPER.filters)
    space = replace(PAPER, filters=filters, block_output=block_output)
    network = like_the_published(space, {36: 24 + more, 48: 36 + more})
    cost = space.cost(network, (3, 32, 32), 10)
    assert cost.parameters / 1e6 == pytest.approx(parameters, abs=0.005)


def test_parameters_by_hand():
    space = ConvolutionalSpace(block=2)
    cost = space.cost(architecture((4,), (5, 1)), (3, 8, 8), 10)
    convolved = 9 * (3 * 4 + (3 + 4) * 4 + 4 * 5 + (4 + 5) * 5)
    assert cost.parameters == convolved + 2 * (4 + 4 + 5 + 5) + 5 * 10 + 10


# -- what is computed ----------------------------------------------------------------------------
def filled(space, network, shape):
    """A child whose batch norms do something, that is evaluated; and images."""
    torch.manual_seed(0)
    child = space.build(network, shape, 3).eval()
    for module in child.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            for tensor in (module.weight, module.bias, module.running_mean):
                torch.nn.init.normal_(tensor)
            torch.nn.init.uniform_(module.running_var, 0.5, 2.0)
    return child, torch.randn(4, *shape)


def steps(child):
    """Each convolution with its batch norm and ReLU as a function, written out."""

    def step(conv, norm):
        def run(*maps):
            x = functional.conv2d(torch.cat(maps, dim=1), conv.weight, padding=1)
            statistics = norm.running_mean, norm.running_var
            return functional.batch_norm(x, *statistics, norm.weight, norm.bias).relu()

        return run

    norms = [m for m in child.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    return [step(*pair) for pair in zip(convolutions(child), norms, strict=True)]


def halved(x):
    """The largest of each 2x2 pixels, the last row and column alone where the size is odd."""
    rows = [x[:, :, i : i + 2].amax(dim=2, keepdim=True) for i in range(0, x.shape[2], 2)]
    y = torch.cat(rows, dim=2)
    columns = [y[..., i : i + 2].amax(dim=3, keepdim=True) for i in range(0, y.shape[3], 2)]
    return torch.cat(columns, dim=3)


def classify(child, *maps):
    features = torch.cat(maps, dim=1).mean(dim=(2, 3))
    return features @ child.classifier.weight.T + child.classifier.bias


@pytest.mark.parametrize("shape", [(2, 8, 8), (2, 7, 5), (2, 1, 1)])
def test_everything_that_is_read_later_is_halved(shape):
    space = ConvolutionalSpace(pooling=(2, 3))
    network = architecture((4,), (5,), (6, 1), (7,), (8, 1, 3), pooling=(2, 3))
    assert network.canonical() == network
    child, x = filled(space, network, shape)
    one, two, three, four, five = steps(child)
    a, b = one(x), two(x)  # b is read by the classifier alone
    a, b, x = halved(a), halved(b), halved(x)
    c = three(a)
    a, b, c, x = halved(a), halved(b), halved(c), halved(x)
    d = four(x)  # no input: the image, halved twice
    e = five(a, c)
    images = filled(space, network, shape)[1]
    torch.testing.assert_close(child(images), classify(child, b, d, e))


def test_blocks_are_fully_connected_and_give_their_last_output():
    network = architecture((4,), (5,), (6, 1, 2), pooling=(2,))
    assert network.canonical() == network
    child, x = filled(ConvolutionalSpace(pooling=(2,), block=3), network, (2, 8, 8))
    run = steps(child)
    outputs = []
    for first, inputs in ((0, lambda: [x]), (3, lambda: [x]), (6, lambda: map(halved, outputs))):
        maps = list(inputs())
        inner = []
        for step in run[first : first + 3]:
            inner.append(step(*maps, *inner))
        outputs.append(inner[-1])
    torch.testing.assert_close(child(x), classify(child, outputs[-1]))


def test_blocks_can_give_all_their_outputs():
    network = architecture((4,), (6, 1), pooling=(1,))
    space = ConvolutionalSpace(pooling=(1,), block=2, block_output="all")
    child, x = filled(space, network, (2, 8, 8))
    one, two, three, four = steps(child)
    a = one(x)
    b = two(x, a)
    a, b = halved(a), halved(b)
    c = three(a, b)
    d = four(a, b, c)
    torch.testing.assert_close(child(x), classify(child, c, d))


def test_the_image_may_be_read_on_both_sides_of_pooling():
    expanded = plan(architecture((4,), (5,), pooling=(1,)), block=2, block_output="last")
    assert [layer.inputs for layer in expanded.layers] == [(0,), (0, 1), (0,), (0, 3)]
    assert expanded.loose_ends == (2, 4) and expanded.pooling == (2,)


@pytest.mark.parametrize("layer_order", ["conv-norm-relu", "norm-relu-conv"])
def test_strides_pooling_and_blocks_together(layer_order):
    """A strided map is halved as well, and zero-padded where it is joined with a larger one."""
    settings = {"strides": (1, 2, 3), "pooling": (1, 3), "block": 2, "layer_order": layer_order}
    space = ConvolutionalSpace(layers=5, filters=(4, 8), **settings)
    for seed in range(8):
        network = space.decode(space.sample(np.random.default_rng(seed)))
        child = space.build(network, (3, 9, 7), 10)
        images = torch.randn(2, 3, 9, 7)
        kept = images.clone()
        logits = child(images)
        assert logits.shape == (2, 10) and logits.isfinite().all()
        assert torch.equal(images, kept)
        logits.sum().backward()
        assert all(p.grad is not None for p in child.parameters())


# -- depth ---------------------------------------------------------------------------------------
def test_pooling_past_the_last_layer_is_left_out():
    for layers, reached in ((3, ()), (4, ()), (5, (4,)), (8, (4,)), (9, (4, 8)), (13, (4, 8))):
        tokens = PAPER.sample(np.random.default_rng(1), layers=layers)
        network = PAPER.decode(tokens)
        assert network.pooling == reached
        assert PAPER.encode(network) == tokens
        heights = {
            height for height, _ in sizes(PAPER.build(network, (3, 16, 16), 10), (3, 16, 16))
        }
        assert len(heights) == 1 + len(reached)
    shallow = architecture((6,), (6, 1), pooling=(4, 8))
    assert shallow == architecture((6,), (6, 1))


# -- the canonical form, JSON, identity ----------------------------------------------------------
def reordered(network, order):
    """The layers in the order of their old numbers."""
    place = {old: new for new, old in enumerate(order, start=1)}
    layers = (network.layers[old - 1] for old in order)
    return ConvolutionalArchitecture(
        tuple(
            replace(layer, inputs=tuple(sorted(place[i] for i in layer.inputs))) for layer in layers
        ),
        network.pooling,
    )


def renumberings(network):
    """Every numbering in which inputs come first and each layer stays between its poolings."""
    numbers = range(1, len(network.layers) + 1)
    stage = {n: sum(p < n for p in network.pooling) for n in numbers}
    for order in itertools.permutations(numbers):
        place = {old: new for new, old in enumerate(order, start=1)}
        if all(place[i] < place[n] for n in numbers for i in network.layers[n - 1].inputs) and all(
            stage[place[n]] == stage[n] for n in numbers
        ):
            yield reordered(network, order)


@pytest.mark.parametrize("pooling", [(1,), (2,), (3,), (1, 2), (2, 3), (1, 2, 3)])
def test_canonical_forms_agree_with_brute_force(pooling):
    space = ConvolutionalSpace(layers=4, filter_sizes=(3,), filters=(8, 16), pooling=pooling)
    tokens = itertools.product(*[range(len(d.options)) for d in space.decisions])
    pairs = set()
    for network in map(space.decode, tokens):
        canonical = network.canonical()
        assert canonical.canonical() == canonical and canonical.pooling == pooling
        pairs.add((canonical, min(renumberings(network), key=lambda n: n.to_json())))
    assert len(pairs) == len({one for one, _ in pairs}) == len({other for _, other in pairs})


def test_layers_on_two_sides_of_pooling_are_not_exchanged():
    """Without pooling these are one network: both layers read the image."""
    one, other = ((4,), (5,)), ((5,), (4,))
    assert architecture(*one).canonical() == architecture(*other).canonical()
    pooled = [architecture(*layers, pooling=(1,)).canonical() for layers in (one, other)]
    assert pooled[0] != pooled[1]


def test_twins_are_one_child():
    space = ConvolutionalSpace(layers=5, filters=(4, 8), pooling=(2,), block=2)
    images = torch.randn(2, 3, 8, 8)
    for seed in range(5):
        network = space.decode(space.sample(np.random.default_rng(seed)))
        outputs = []
        for twin in (network, *itertools.islice(renumberings(network), 3)):
            torch.manual_seed(seed)
            outputs.append(space.build(twin, (3, 8, 8), 10)(images))
        assert all(torch.equal(outputs[0], other) for other in outputs[1:])


def test_json_is_what_a_person_writes_and_the_space_knows_the_rest():
    network = PAPER.decode(PAPER.sample(np.random.default_rng(0)))
    description = json.loads(network.to_json())
    assert description.keys() == {"space", "layers"} and len(description["layers"]) == 13
    assert PAPER.from_json(network.to_json()) == network
    plain = ConvolutionalSpace(layers=13, filters=PAPER.filters)
    assert plain.from_json(network.to_json()) == replace(network, pooling=())
    with pytest.raises(InvalidArchitecture, match=r"pooling after layers \[4, 8\], this .* \[\]"):
        plain.encode(network)
    with pytest.raises(InvalidArchitecture, match=r"pooling after layers \[\], this .* \[4, 8\]"):
        PAPER.encode(replace(network, pooling=()))


def test_what_decides_how_a_child_is_built_is_in_an_evaluations_identity():
    changes = ({}, {"pooling": [1]}, {"block": 2}, {"block": 2, "block_output": "all"})
    keys = set()
    for settings in changes:
        problem = Problem("digits", "convolutional", layers=3, device="cpu", **settings)
        network = problem.space.decode((0,) * problem.space.length())
        request = problem.request(network)
        again = make_space(request.space)
        assert again.parse(request.architecture) == network.canonical()
        assert (again.block, again.pooling) == (problem.space.block, problem.space.pooling)
        keys.add(request.key)
        problem.close()
    assert len(keys) == len(changes)


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"pooling": [0]}, "pooling is .* expected rising layers from 1 on"),
        ({"pooling": [4, 4]}, "pooling is"),
        ({"pooling": [8, 4]}, "pooling is"),
        ({"pooling": [-1, 4]}, "pooling is"),
        ({"pooling": [257]}, "pooling is"),
        ({"pooling": [1.5]}, "pooling is 1.5"),
        ({"pooling": 4}, "pooling is 4, expected a list"),
        ({"block": 0}, "block is 0, expected at least 1"),
        ({"block": 17}, "block is 17, expected at most 16"),
        ({"block": True}, "block is True"),
        ({"block_output": "lst"}, "did you mean 'last'"),
    ],
    ids=str,
)
def test_bad_settings_get_one_clear_line(settings, message):
    with pytest.raises(InvalidValue, match=message) as caught:
        make_space({"name": "convolutional", **settings})
    assert "\n" not in str(caught.value)


# -- drawings ------------------------------------------------------------------------------------
def test_pooling_is_drawn():
    space = ConvolutionalSpace(pooling=(2, 3), block=3, strides=(1, 2))
    network = architecture((24,), (36, 1), (24, 1, 2), (36,), pooling=(2, 3))
    vertices = space.graph(network)
    assert text_graph(vertices).splitlines() == [
        "       image",
        "           1  3x3, 24, 3 times                 <- image",
        "           2  3x3, 36, 3 times                 <- 1",
        "           3  3x3, 24, 3 times, pooled to 1/2  <- 1, 2",
        "           4  3x3, 36, 3 times, pooled to 1/4  <- image",
        "  classifier  average pool, linear             <- 3, 4",
    ]
    kinds = [vertex.kind for vertex in vertices[1:-1]]
    assert kinds == ["convolution", "convolution", "pooled to 1/2", "pooled to 1/4"]


def test_a_picture_of_the_papers_size():
    vertices = PAPER.graph(PAPER.decode(PAPER.sample(np.random.default_rng(0))))
    assert len(vertices) == 15 and to_rgb(draw_graph(vertices)).std() > 0


def test_frames_of_an_episode_have_one_size():
    settings = {"render_mode": "rgb_array", "recipe": {"epochs": 1}, "device": "cpu"}
    env = gymnasium.make("NAS-Digits-v0", layers=3, pooling=[1, 2], filters=[2, 4], **settings)
    env.reset()
    frames = [env.render().shape]
    for token in env.unwrapped.search_space.sample(np.random.default_rng(0)):
        env.step(token)
        frames.append(env.render().shape)
    assert len(set(frames)) == 1
    env.close()


# -- training ------------------------------------------------------------------------------------
def played(id, **settings):
    """The evaluation of a random architecture."""
    env = gymnasium.make(id, device="cpu", **settings)
    env.reset()
    for token in env.unwrapped.search_space.sample(np.random.default_rng(0)):
        *_, info = env.step(token)
    env.close()
    return info["evaluation"]


def test_a_child_is_trained_on_digits():
    settings = {"filters": [4, 8], "pooling": [1, 2], "block": 2, "recipe": {"epochs": 2}}
    evaluation = played("NAS-Digits-v0", **settings)
    assert evaluation["status"] == "ok" and evaluation["metrics"]["validation_accuracy"] > 0.2


def test_a_child_is_trained_on_cifar10(cifar10_data):
    task = {"name": "cifar10", "train_size": 32, "validation_size": 32}
    recipe = {"epochs": 1, "batch_size": 16}
    evaluation = played("NAS-CIFAR10-Pooling-v0", task=task, recipe=recipe)
    assert evaluation["status"] == "ok"
    assert evaluation["parameters"] > 100_000
