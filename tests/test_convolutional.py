"""The paper's convolutional networks: the published one, the joining rules, the canonical form."""

import itertools
import json
import random

import gymnasium
import numpy as np
import pytest
import torch
from torch.nn import functional

import nas_env  # noqa: F401 - registers the environments
from search_spaces import (
    InvalidArchitecture,
    InvalidTokens,
    InvalidValue,
    UnknownName,
    make_space,
    published_architecture,
)
from search_spaces._global_average import global_average
from search_spaces.convolutional import (
    ConvolutionalArchitecture,
    ConvolutionalLayer,
    ConvolutionalSpace,
)


def architecture(*layers):
    """Of layers given as (filters, *inputs), all 3x3."""
    return ConvolutionalArchitecture(
        tuple(ConvolutionalLayer(3, 3, 1, 1, filters, tuple(inputs)) for filters, *inputs in layers)
    )


# -- the published network -----------------------------------------------------------------------
@pytest.fixture(scope="module")
def published():
    space = ConvolutionalSpace(layers=15)
    return space, space.parse(published_architecture("zoph_le_2017_v1"))


def test_published_network_has_the_published_cost(published):
    space, network = published
    with torch.device("meta"):
        child = space.build(network, (3, 32, 32), 10)
    convolutions = [m for m in child.modules() if isinstance(m, torch.nn.Conv2d)]
    assert len(convolutions) == 15
    assert sum(m.weight.numel() for m in convolutions) == 4_199_868
    cost = space.cost(network, (3, 32, 32), 10)
    assert 4.295e9 < cost.flops / 2 < 4.305e9
    assert cost.parameters == sum(p.numel() for p in child.parameters())


def test_published_network_has_the_published_layers(published):
    _, network = published
    rows = {
        n: (f"{layer.filter_height}x{layer.filter_width},{layer.filters}", layer.inputs)
        for n, layer in enumerate(network.layers, start=1)
    }
    assert rows[1] == ("3x3,36", ())
    assert rows[9] == ("7x1,36", (1, 5, 6, 8))
    assert rows[13] == ("7x5,48", (1, 3, 6, 7, 8, 9, 10, 11, 12))
    assert rows[15] == ("7x5,48", (2, 7, 11, 12, 13, 14))
    assert sum(len(inputs) for _, inputs in rows.values()) == 65
    assert network.loose_ends == (15,)


def test_published_network_goes_to_tokens_and_json_and_back(published):
    space, network = published
    tokens = space.encode(network)
    assert len(tokens) == space.length() == 150
    assert space.decode(tokens) == network == space.from_json(network.to_json())
    always = ConvolutionalSpace(layers=15, previous_layer="always")
    assert always.decode(always.encode(network)) == network


# -- decisions -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "id, settings, length",
    [
        ("NAS-Digits-v0", {}, 18),
        ("NAS-CIFAR10-v0", {}, 33),
        ("NAS-CIFAR10-v0", {"layers": 20}, 250),
        ("NAS-CIFAR10-Strides-v0", {}, 45),
        ("NAS-CIFAR10-Strides-v0", {"layers": 20}, 290),
    ],
)
def test_lengths_of_the_environments(id, settings, length):
    env = gymnasium.make(id, **settings)
    assert env.unwrapped.search_space.length() == length
    env.close()


def test_decisions_of_a_layer_and_its_anchor():
    space = ConvolutionalSpace(layers=3, strides=(1, 2, 3))
    third = [d for d in space.decisions if d.layer == 3]
    assert [d.kind for d in third] == [
        "filter height",
        "filter width",
        "stride height",
        "stride width",
        "filters",
        "skip connection",
        "skip connection",
    ]
    assert [d.options for d in third[:5]] == [
        (1, 3, 5, 7),
        (1, 3, 5, 7),
        (1, 2, 3),
        (1, 2, 3),
        (24, 36, 48, 64),
    ]
    assert [d.source for d in third] == [None] * 5 + [1, 2]
    assert {d.group for d in third[5:]} == {"layer 3 anchor"}


def test_previous_layer_always_takes_that_decision_away():
    sampled = ConvolutionalSpace(layers=4)
    always = ConvolutionalSpace(layers=4, previous_layer="always")
    assert sampled.length() - always.length() == 3
    tokens = np.zeros(always.length(), dtype=int)
    assert [layer.inputs for layer in always.decode(tokens).layers] == [(), (1,), (2,), (3,)]
    with pytest.raises(InvalidArchitecture, match="layer 2 inputs are"):
        always.encode(architecture((24,), (24,)))


def test_without_skip_connections_it_is_a_chain():
    space = ConvolutionalSpace(layers=4, skip_connections=False)
    assert space.length() == 12
    network = space.decode(space.sample(np.random.default_rng(0)))
    assert [layer.inputs for layer in network.layers] == [(), (1,), (2,), (3,)]


# -- how outputs are joined ----------------------------------------------------------------------
def filled(space, network, channels=2):
    """A child whose batch norms do something, that is evaluated; and images."""
    torch.manual_seed(0)
    child = space.build(network, (channels, 6, 5), 3).eval()
    for module in child.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            for tensor in (module.weight, module.bias, module.running_mean):
                torch.nn.init.normal_(tensor)
            torch.nn.init.uniform_(module.running_var, 0.5, 2.0)
    return child, torch.randn(4, channels, 6, 5)


def modules(child, kind):
    return [m for m in child.modules() if isinstance(m, kind)]


def normalise(x, norm):
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    column = (slice(None), None, None)
    return torch.relu((x - norm.running_mean[column]) * scale[column] + norm.bias[column])


def steps(child, strides=((1, 1),) * 9):
    """Each layer of a child as a function, written out."""

    def layer(conv, norm, stride):
        padding = [side // 2 for side in conv.weight.shape[2:]]
        return lambda x: normalise(functional.conv2d(x, conv.weight, None, stride, padding), norm)

    convolutions = modules(child, torch.nn.Conv2d)
    norms = modules(child, torch.nn.BatchNorm2d)
    return [layer(*parts) for parts in zip(convolutions, norms, strides, strict=False)]


def classify(child, *maps):
    features = torch.cat(maps, dim=1).mean(dim=(2, 3))
    return features @ child.classifier.weight.T + child.classifier.bias


def in_canonical_order(network):
    """A child is built in this order, so that what is written out below must be in it."""
    assert network.canonical() == network
    return network


def test_inputs_and_loose_ends_are_joined_in_depth():
    space = ConvolutionalSpace()
    network = in_canonical_order(architecture((4,), (5,), (6, 1, 2), (7, 1, 3), (8,)))
    assert network.loose_ends == (4, 5)
    child, images = filled(space, network)
    one, two, three, four, five = steps(child)
    a = one(images)
    b = two(images)  # no input: the image
    c = three(torch.cat([a, b], dim=1))
    d = four(torch.cat([a, c], dim=1))
    e = five(images)
    torch.testing.assert_close(child(images), classify(child, d, e))


def test_filters_keep_the_size_of_the_map():
    layers = (ConvolutionalLayer(7, 1, 1, 1, 4), ConvolutionalLayer(1, 5, 1, 1, 4, (1,)))
    child, images = filled(ConvolutionalSpace(), ConvolutionalArchitecture(layers))
    shapes = [m.weight.shape[2:] for m in modules(child, torch.nn.Conv2d)]
    assert shapes == [(7, 1), (1, 5)]
    for step in steps(child)[:1]:
        assert step(images).shape[2:] == images.shape[2:]


@pytest.mark.parametrize("zero_padding", ["centre", "end"])
def test_smaller_outputs_are_zero_padded(zero_padding):
    space = ConvolutionalSpace(strides=(1, 2, 3), zero_padding=zero_padding)
    network = in_canonical_order(
        ConvolutionalArchitecture(
            (
                ConvolutionalLayer(3, 3, 1, 1, 4),
                ConvolutionalLayer(3, 3, 2, 3, 5),
                ConvolutionalLayer(3, 3, 1, 1, 6, (1, 2)),
            )
        )
    )
    child, images = filled(space, network)
    one, two, three = steps(child, [(1, 1), (2, 3), (1, 1)])
    small = two(images)
    assert small.shape[2:] == (3, 2)
    padded = torch.zeros(4, 5, 6, 5)
    top, left = (1, 1) if zero_padding == "centre" else (0, 0)
    padded[:, :, top : top + 3, left : left + 2] = small
    joined = torch.cat([one(images), padded], dim=1)
    torch.testing.assert_close(child(images), classify(child, three(joined)))


@pytest.mark.parametrize("zero_padding", ["centre", "end"])
def test_loose_ends_of_different_sizes_are_padded_too(zero_padding):
    space = ConvolutionalSpace(strides=(1, 2, 3), zero_padding=zero_padding)
    network = in_canonical_order(
        ConvolutionalArchitecture(
            (ConvolutionalLayer(3, 3, 1, 2, 4), ConvolutionalLayer(3, 3, 3, 1, 5))
        )
    )
    child, images = filled(space, network)
    one, two = steps(child, [(1, 2), (3, 1)])
    a, b = one(images), two(images)
    assert (a.shape[2:], b.shape[2:]) == ((6, 3), (2, 5))
    # The mean over the padded map: the zeros count.
    features = torch.cat([a.sum(dim=(2, 3)), b.sum(dim=(2, 3))], dim=1) / 30
    expected = features @ child.classifier.weight.T + child.classifier.bias
    torch.testing.assert_close(child(images), expected)


def test_pre_activation_normalises_what_a_layer_reads():
    space = ConvolutionalSpace(layer_order="norm-relu-conv")
    network = in_canonical_order(architecture((4,), (5,), (6, 1, 2)))
    child, images = filled(space, network)
    convolutions = modules(child, torch.nn.Conv2d)
    norms = modules(child, torch.nn.BatchNorm2d)
    assert [norm.num_features for norm in norms] == [2, 2, 9, 6]

    def layer(x, number):
        return functional.conv2d(
            normalise(x, norms[number]), convolutions[number].weight, padding=1
        )

    joined = torch.cat([layer(images.clone(), 0), layer(images.clone(), 1)], dim=1)
    last = normalise(layer(joined, 2), norms[3])
    torch.testing.assert_close(child(images.clone()), classify(child, last))


@pytest.mark.parametrize("layer_order", ["conv-norm-relu", "norm-relu-conv"])
def test_a_child_leaves_its_images_alone(layer_order):
    """Its activations work in place; several layers read one map."""
    space = ConvolutionalSpace(layer_order=layer_order)
    child, images = filled(space, architecture((4,), (5,), (6, 1), (7, 1, 3)))
    kept = images.clone()
    first = child(images)
    assert torch.equal(images, kept) and torch.equal(child(images), first)


# -- the canonical form --------------------------------------------------------------------------
def renumbered(network, rng):
    """The same network, its layers in another order in which each comes after its inputs."""
    waiting = {n: set(layer.inputs) for n, layer in enumerate(network.layers, start=1)}
    order = []
    while waiting:
        number = rng.choice([n for n, inputs in waiting.items() if not inputs])
        order.append(number)
        del waiting[number]
        for inputs in waiting.values():
            inputs.discard(number)
    return reordered(network, order)


def reordered(network, order):
    """The layers in the order of their old numbers."""
    place = {old: new for new, old in enumerate(order, start=1)}
    return ConvolutionalArchitecture(
        tuple(
            ConvolutionalLayer(*layer.numbers, tuple(sorted(place[i] for i in layer.inputs)))
            for layer in (network.layers[old - 1] for old in order)
        )
    )


def every_renumbering(network):
    numbers = range(1, len(network.layers) + 1)
    for order in itertools.permutations(numbers):
        place = {old: new for new, old in enumerate(order)}
        if all(place[i] < place[n] for n in numbers for i in network.layers[n - 1].inputs):
            yield reordered(network, order)


def by_brute_force(network):
    """One representative of a network's renumberings."""
    return min((n for n in every_renumbering(network)), key=lambda n: [str(x) for x in n.layers])


def signature(network):
    """The multiset of each layer with the layers that feed it, by their numbers alone."""
    return sorted(
        (layer.numbers, sorted(network.layers[i - 1].numbers for i in layer.inputs))
        for layer in network.layers
    )


def bipartite(parents):
    """Layers that read the image, and as many that read those."""
    return architecture(*[(8,)] * len(parents), *[(8, *sorted(p)) for p in parents])


def cycle(first, length):
    return [(first + i, first + (i + 1) % length) for i in range(length)]


PAIRS = list(itertools.combinations(range(5), 2))
SYMMETRIC = {
    "twins": architecture(*[(8,)] * 20),
    "pairs": bipartite([(i,) for i in range(1, 11)]),
    "chains": architecture(*[(8,)] * 5, *[(8, i) for i in range(1, 16)]),
    "one cycle": bipartite(cycle(1, 10)),
    "two cycles": bipartite(cycle(1, 5) + cycle(6, 5)),
    "three cycles": bipartite(cycle(1, 4) + cycle(5, 3) + cycle(8, 3)),
    "all but one": bipartite([[j for j in range(1, 11) if j != i] for i in range(1, 11)]),
    "petersen": bipartite(
        [[n for n, q in enumerate(PAIRS, 1) if not set(p) & set(q)] for p in PAIRS]
    ),
    "cube": architecture(*[(8, *[1 + (i ^ b) for b in (1, 2, 4, 8) if i & b]) for i in range(16)]),
    "all": architecture(*[(8, *range(1, n)) for n in range(1, 21)]),
}


def sampled(count):
    """Random networks, from two layers to twenty, of few and of many kinds of layers."""
    networks = []
    for seed in range(count):
        rng = np.random.default_rng(seed)
        filters = (8,) if seed % 3 == 0 else (8, 16)
        sizes = (3,) if seed % 2 else (1, 3)
        space = ConvolutionalSpace(layers=2 + seed % 19, filters=filters, filter_sizes=sizes)
        tokens = space.sample_batch(rng, 1)
        if seed % 4 == 0:  # few skip connections leave more layers alike
            sources = [d.source is not None for d in space.decisions]
            tokens[:, sources] &= rng.random(sum(sources)) < 0.3
        networks.append(space.decode(tokens[0]))
    return networks


@pytest.mark.parametrize("name", SYMMETRIC)
def test_canonical_form_of_symmetric_networks(name):
    assert_canonical(SYMMETRIC[name], renumberings=8)


def test_canonical_form_of_random_networks():
    for network in sampled(120):
        assert_canonical(network, renumberings=3)


def assert_canonical(network, renumberings):
    rng = random.Random(0)
    canonical = network.canonical()
    assert canonical.canonical() == canonical
    assert signature(canonical) == signature(network)
    for _ in range(renumberings):
        other = renumbered(network, rng)
        assert signature(other) == signature(network)
        assert other.canonical() == canonical
        assert hash(other.canonical()) == hash(canonical)


def test_symmetric_networks_are_told_apart():
    two, three, one = (
        SYMMETRIC[n].canonical() for n in ("two cycles", "three cycles", "one cycle")
    )
    assert len({one, two, three}) == 3


def test_another_edge_or_label_is_another_network():
    rng = random.Random(1)
    for network in [*sampled(40), *SYMMETRIC.values()]:
        number = rng.randrange(2, len(network.layers) + 1)
        layer = network.layers[number - 1]
        toggled = tuple(sorted(set(layer.inputs) ^ {rng.randrange(1, number)}))
        for changed in (
            ConvolutionalLayer(*layer.numbers, toggled),
            ConvolutionalLayer(*layer.numbers[:-1], layer.filters + 1, layer.inputs),
        ):
            layers = list(network.layers)
            layers[number - 1] = changed
            other = ConvolutionalArchitecture(tuple(layers))
            assert renumbered(other, rng).canonical() != network.canonical()


def test_canonical_forms_agree_with_brute_force_on_every_network_of_four_layers():
    space = ConvolutionalSpace(layers=4, filter_sizes=(3,), filters=(8, 16))
    tokens = itertools.product(*[range(len(d.options)) for d in space.decisions])
    agree([space.decode(t) for t in tokens])


def test_canonical_forms_agree_with_brute_force_on_five_layers():
    space = ConvolutionalSpace(layers=5, filter_sizes=(3,), filters=(8,))
    agree([space.decode(t) for t in space.sample_batch(np.random.default_rng(0), 300)])


def agree(networks):
    """Two networks have one canonical form exactly if one is a renumbering of the other."""
    forms = {network: network.canonical() for network in networks}
    truth = {network: by_brute_force(network) for network in networks}
    pairs = {(forms[n], truth[n]) for n in networks}
    assert len(pairs) == len({form for form, _ in pairs}) == len({true for _, true in pairs})
    assert 1 < len(pairs) < len(networks)


def test_twins_are_one_child():
    space = ConvolutionalSpace(layers=6, filters=(4, 8))
    rng = random.Random(0)
    images = torch.randn(2, 3, 8, 8)
    for seed in range(5):
        network = space.decode(space.sample(np.random.default_rng(seed)))
        outputs = []
        for twin in (network, renumbered(network, rng), network.canonical()):
            torch.manual_seed(seed)
            outputs.append(space.build(twin, (3, 8, 8), 10)(images))
        assert torch.equal(outputs[0], outputs[1]) and torch.equal(outputs[0], outputs[2])


def test_networks_that_compute_the_same_may_have_different_forms():
    """A form promises that its networks are one; here 24 and 48 filters are what 36 and 36 are."""
    pairs = [architecture((24,), (48,)), architecture((36,), (36,))]
    assert pairs[0].canonical() != pairs[1].canonical()
    space = ConvolutionalSpace(layers=2, filters=(24, 36, 48))
    torch.manual_seed(0)
    one, other = (space.build(pair, (3, 8, 8), 10).double().eval() for pair in pairs)
    for name in one.layers[0].state_dict():
        values = [layer.state_dict()[name] for layer in one.layers]
        if values[0].ndim:
            parts = torch.cat(values).split(36)
            for layer, part in zip(other.layers, parts, strict=True):
                layer.state_dict()[name].copy_(part)
    other.classifier.load_state_dict(one.classifier.state_dict())
    images = torch.randn(2, 3, 8, 8, dtype=torch.float64)
    torch.testing.assert_close(one(images), other(images))


# -- bad input -----------------------------------------------------------------------------------
GOOD = {
    "space": "convolutional",
    "layers": [
        {
            "filter_height": 3,
            "filter_width": 3,
            "stride_height": 1,
            "stride_width": 1,
            "filters": 36,
            "inputs": inputs,
        }
        for inputs in ([], [1], [1, 2])
    ],
}
TEXT = json.dumps(GOOD)


def with_layer(**changes):
    """The good text with values of its last layer changed; None takes a key away."""
    description = json.loads(TEXT)
    layer = description["layers"][-1]
    layer.update(changes)
    description["layers"][-1] = {k: v for k, v in layer.items() if v is not None}
    return json.dumps(description)


BAD_JSON = {
    "unknown key": (TEXT.replace('"space"', '"name": 1, "space"'), "unknown key 'name'"),
    "near key": (with_layer(filter=3), "did you mean 'filters'"),
    "missing key": (with_layer(filters=None), "layer 3 has no 'filters'"),
    "no layers": ('{"space": "convolutional"}', "no 'layers'"),
    "empty layers": ('{"space": "convolutional", "layers": []}', "list of 1 to"),
    "layers an object": ('{"space": "convolutional", "layers": {}}', "must be a list"),
    "layer a number": ('{"space": "convolutional", "layers": [3]}', "must be an object"),
    "other space": (TEXT.replace("convolutional", "recurrent_cell"), "expected 'convolutional'"),
    "NaN": (with_layer(filters=float("nan")), "NaN is not a number of JSON"),
    "Infinity": (with_layer(filters=float("inf")), "Infinity is not a number of JSON"),
    "minus Infinity": (with_layer(filters=float("-inf")), "-Infinity is not"),
    "float overflow": (TEXT.replace("36", "1e999"), "1e999 is too large for a number"),
    "text": (with_layer(filters="36"), "filters is '36'"),
    "fraction": (with_layer(filters=36.0), "filters is 36.0"),
    "bool": (with_layer(stride_height=True), "stride_height is True"),
    "bool as input": (with_layer(inputs=[True]), "input is True"),
    "list": (with_layer(filters=[36]), r"filters is \[36\]"),
    "zero": (with_layer(filters=0), "filters is 0"),
    "negative": (with_layer(filters=-36), "filters is -36"),
    "not an option": (with_layer(filters=37), "filters is 37"),
    "huge": (with_layer(filters=10**30), "filters is 1000000"),
    "too many digits": (TEXT.replace("36", "9" * 5000), "not an architecture's JSON"),
    "even filter": (with_layer(filter_width=4), "even filter size"),
    "input of itself": (with_layer(inputs=[3]), "input is 3, expected a whole number from 1 to 2"),
    "input of a later layer": (with_layer(inputs=[4]), "input is 4"),
    "image as input": (with_layer(inputs=[0]), "input is 0"),
    "input twice": (with_layer(inputs=[1, 1]), "one stands twice"),
    "inputs a number": (with_layer(inputs=1), "must be a list"),
    "key twice": (
        TEXT.replace('"filters": 36', '"filters": 36, "filters": 48'),
        "key 'filters' stands twice",
    ),
    "too deep": ("[" * 50_000, "nested too deeply"),
    "objects too deep": ('{"a":' * 10_000, "nested too deeply"),
    "too long": (TEXT + " " * 64_000, "longer than 64,000 bytes"),
    "too many layers": (json.dumps({**GOOD, "layers": GOOD["layers"][:1] * 7}), "7 layers"),
    "far too many layers": (
        json.dumps({**GOOD, "layers": [{}] * 1_000}),
        "must be a list of 1 to 256 layers",
    ),
    "not JSON": ("layers: 3", "not an architecture's JSON"),
    "nothing": ("", "not an architecture's JSON"),
    "a list": ("[1, 2]", "expected a JSON object, got list"),
    "lone surrogate": ('{"space": "\ud800", "layers": []}', "expected 'convolutional'"),
    "bytes": (TEXT.encode(), "expected JSON as text, got bytes"),
    "none": (None, "expected JSON as text"),
}


@pytest.mark.parametrize("name", BAD_JSON)
def test_bad_json_gets_one_clear_line(name):
    text, message = BAD_JSON[name]
    with pytest.raises(InvalidArchitecture, match=message) as caught:
        ConvolutionalSpace(layers=6).from_json(text)
    assert "\n" not in str(caught.value)


def test_good_json_is_good():
    assert ConvolutionalSpace().from_json(TEXT).to_dict() == GOOD


def test_an_architecture_of_another_kind():
    with pytest.raises(InvalidArchitecture, match="expected a ConvolutionalArchitecture, got dict"):
        ConvolutionalSpace().encode(GOOD)


@pytest.mark.parametrize(
    "tokens, message",
    [
        ((), "0 tokens do not end with a layer"),
        ((0, 0), "2 tokens do not end with a layer"),
        ((0,) * 8, "8 tokens, expected at most 7"),
        ((0, 4, 0, 0, 0, 0, 0), r"token 1 \(layer 1 filter width\) is 4, expected one of 0, 1, 2"),
        ((0, -1, 0, 0, 0, 0, 0), "token 1 .* is -1"),
        ((0, 0, 0, 0, 0, 0, 2), r"token 6 \(layer 2 reads layer 1\) is 2, expected one of 0, 1"),
        ((0, 0.5, 0, 0, 0, 0, 0), "token 1"),
        ((0, float("nan"), 0), "token 1"),
        ((0, "a", 0), "token 1"),
        ((0, None, 0), "token 1"),
        ((0, 10**30, 0), "token 1"),
    ],
    ids=str,
)
def test_bad_tokens_get_one_clear_line(tokens, message):
    with pytest.raises(InvalidTokens, match=message) as caught:
        ConvolutionalSpace(layers=2).decode(tokens)
    assert "\n" not in str(caught.value)


def test_nothing_follows_a_whole_architecture():
    space = ConvolutionalSpace(layers=2)
    with pytest.raises(InvalidTokens, match="nothing follows 7 tokens"):
        space.open_options((0,) * 7)


@pytest.mark.parametrize(
    "settings, error, message",
    [
        ({"name": "convolutionl"}, UnknownName, "did you mean 'convolutional'"),
        ({"name": "convolutional", "layer": 3}, UnknownName, "did you mean 'layers'"),
        ({"name": "convolutional", "previous_layer": "alway"}, UnknownName, "mean 'always'"),
        ({"name": "convolutional", "layer_order": "relu"}, UnknownName, "conv-norm-relu"),
        ({"name": "convolutional", "zero_padding": "center"}, UnknownName, "mean 'centre'"),
        ({"layers": 3}, InvalidValue, "expected a name, or a mapping with a name"),
        ({"name": "convolutional", "layers": "6"}, InvalidValue, "layers is '6'"),
        ({"name": "convolutional", "layers": 6.0}, InvalidValue, "layers is 6.0"),
        ({"name": "convolutional", "layers": True}, InvalidValue, "layers is True"),
        ({"name": "convolutional", "layers": 0}, InvalidValue, "layers is 0, expected at least 1"),
        ({"name": "convolutional", "layers": 257}, InvalidValue, "layers is 257, expected at most"),
        ({"name": "convolutional", "filters": 24}, InvalidValue, "filters is 24, expected a list"),
        ({"name": "convolutional", "filters": []}, InvalidValue, "filters is"),
        ({"name": "convolutional", "filters": [24, 24]}, InvalidValue, "filters is"),
        ({"name": "convolutional", "filters": [0, 24]}, InvalidValue, "filters is"),
        ({"name": "convolutional", "strides": [1, 1.5]}, InvalidValue, "strides is 1.5"),
        ({"name": "convolutional", "filter_sizes": [1, 2]}, InvalidValue, "expected odd numbers"),
        ({"name": "convolutional", "skip_connections": 1}, InvalidValue, "expected true or false"),
        ({"name": "no_such_module:Space"}, InvalidValue, "cannot import 'no_such_module'"),
        ({"name": "search_spaces:make_space"}, InvalidValue, "not a subclass of SearchSpace"),
        ({"name": "search_spaces:make_spac"}, UnknownName, "'make_spac': none is known"),
    ],
    ids=str,
)
def test_bad_settings_get_one_clear_line(settings, error, message):
    with pytest.raises(error, match=message) as caught:
        make_space(settings)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("layers", [0, 7, 2.5, True, "two", [3], float("nan"), float("inf")])
def test_bad_depths_get_one_clear_line(layers):
    with pytest.raises(InvalidValue, match="expected 1 to 6"):
        ConvolutionalSpace(layers=6).length(layers)


def test_unknown_published_architecture():
    with pytest.raises(UnknownName, match="did you mean 'zoph_le_2017_v1'"):
        published_architecture("zoph_le_2017")


def test_the_global_average_is_that_of_the_joined_maps_and_its_gradient_reads_in_order():
    large = torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last).requires_grad_()
    small = torch.randn(2, 5, 2, 3)
    padded = torch.cat([large, torch.nn.functional.pad(small, (0, 1, 0, 2))], dim=1)
    pooled = global_average([large, small])
    torch.testing.assert_close(pooled, padded.mean(dim=(2, 3)))
    seen = []
    large.register_hook(lambda gradient: seen.append(gradient.stride()))
    pooled.sum().backward()
    assert [stride[1:] for stride in seen] == [
        (1, 0, 0)
    ]  # expanded over the pixels: nothing was written out
