"""Recurrent cells: their form, the paper's example, what they compute, the language model."""

import json

import gymnasium
import numpy as np
import pytest
import torch
from _naive_cell import NaiveLayers, gradients, hand_over
from torch import nn
from torch.nn import functional

import nas_env  # noqa: F401 - registers the environments
from nas_env.drawing import draw_graph, suitable_layout, text_graph, to_rgb
from nas_env.tasks import make_task, task_class
from nas_env.training.language_recipe import LanguageRecipe
from nas_env.training.outcome import recurrent_autocast
from search_spaces import (
    InvalidArchitecture,
    InvalidValue,
    UnknownName,
    make_space,
    published_architecture,
)
from search_spaces.recurrent_cell import RecurrentCell, RecurrentCellSpace
from search_spaces.recurrent_cell._layer import CellLayers
from search_spaces.recurrent_cell._network import Size, cell_model, reference_model
from search_spaces.recurrent_cell._product import SequenceProduct

SPACE = RecurrentCellSpace()
WIDE = RecurrentCellSpace(
    combinations=("add", "elem_mult", "max"),
    activations=("identity", "tanh", "sigmoid", "relu", "sin"),
)
SMALL = RecurrentCellSpace(base=2, parameters=20_000)
EXAMPLE = {
    "space": "recurrent_cell",
    "nodes": [["add", "tanh"], ["elem_mult", "relu"], ["elem_mult", "sigmoid"]],
    "inject": ["add", "relu"],
    "memory_from": 1,
    "inject_at": 0,
}
STEPS, BATCH, HIDDEN = 5, 3, 4


def cells(space, count, seed=0):
    rows = space.sample_batch(np.random.default_rng(seed), count).tolist()
    return [space.decode(row) for row in rows]


def published(name):
    return SPACE.from_json(json.dumps(published_architecture(name)))


# -- the space and its forms ---------------------------------------------------------------------
def test_size_is_that_of_the_paper():
    """About 6e16 (section 4.2)."""
    assert SPACE.size == 8**15 * 8 * 15**2 and 6e16 < SPACE.size < 7e16
    assert SPACE.length() == 34 and SPACE.max_options == 15
    assert WIDE.size == 15**15 * 15 * 15**2


def test_decisions_are_in_the_order_of_figure_5():
    found = [(d.name, d.kind, len(d.options)) for d in SMALL.decisions]
    assert found == [
        ("node 0 combination", "combination", 2),
        ("node 0 activation", "activation", 4),
        ("node 1 combination", "combination", 2),
        ("node 1 activation", "activation", 4),
        ("node 2 combination", "combination", 2),
        ("node 2 activation", "activation", 4),
        ("inject combination", "combination", 2),
        ("inject activation", "activation", 4),
        ("memory from", "cell index", 3),
        ("inject at", "cell index", 3),
    ]


def test_the_worked_example_of_the_paper():
    cell = SMALL.from_json(json.dumps(EXAMPLE))
    assert cell.to_dict() == EXAMPLE
    assert SMALL.encode(cell) == (0, 1, 1, 3, 1, 2, 0, 3, 1, 0)
    layers = initial(CellLayers(cell, HIDDEN, 1, 0.0))
    w1, w3 = layers.layers[0].input_weights.chunk(2)
    w2, w4 = layers.layers[0].recurrent_weights.chunk(2)
    x, h, c = (torch.randn(BATCH, HIDDEN, dtype=torch.float64) for _ in range(3))
    a0 = torch.tanh(x @ w1.T + h @ w2.T)
    a1 = torch.relu((x @ w3.T) * (h @ w4.T))
    a2 = torch.sigmoid(torch.relu(a0 + c) * a1)
    outputs, (last_h, last_c) = layers(x[None], (h[None], c[None]))
    torch.testing.assert_close(outputs, a2[None])
    torch.testing.assert_close(last_h, a2[None])
    torch.testing.assert_close(last_c, ((x @ w3.T) * (h @ w4.T))[None])


def test_a_kind_with_one_option_is_no_decision():
    space = RecurrentCellSpace(base=4, combinations=("add",))
    assert {d.kind for d in space.decisions} == {"activation", "cell index"}
    assert space.length() == 7 + 1 + 2
    for cell in cells(space, 20):
        assert space.decode(space.encode(cell)) == cell
        assert {combination for combination, _ in cell.nodes} == {"add"}


@pytest.mark.parametrize(
    "change, message",
    [
        ({"space": "convolutional"}, "expected 'recurrent_cell'"),
        ({"nodes": None}, "nodes must be a list"),
        ({"nodes": []}, "0 nodes are no complete binary tree"),
        ({"nodes": [["add", "tanh"]]}, "1 nodes are no"),
        ({"nodes": [["add", "tanh"]] * 5}, "5 nodes are no"),
        ({"nodes": [["add", "tanh"]] * 255}, "255 nodes are no"),
        ({"nodes": [["add", "tanh"]] * 2 + [["add"]]}, r"node 2 is \['add'\]"),
        ({"nodes": [["add", "tanh"]] * 2 + ["add"]}, "node 2 is 'add'"),
        ({"nodes": [["add", "tanh"]] * 2 + [["add", "tan"]]}, "did you mean 'tanh'"),
        ({"nodes": [["add", "tanh"]] * 2 + [["mult", "tanh"]]}, "did you mean 'elem_mult'"),
        ({"nodes": [["add", "tanh"]] * 2 + [[["add"], "tanh"]]}, "node 2 combination is"),
        ({"nodes": [["add", "tanh"]] * 2 + [["add", {}]]}, "node 2 activation is"),
        ({"inject": ["add", 3]}, "inject activation is 3"),
        ({"inject": None}, "inject is None"),
        ({"memory_from": 3}, "memory_from is 3, expected a node, 0 to 2"),
        ({"memory_from": -1}, "memory_from is -1"),
        ({"inject_at": True}, "inject_at is True"),
        ({"inject_at": 1.0}, "inject_at is 1.0"),
        ({"bias": True}, "unknown key 'bias'"),
    ],
)
def test_bad_json_is_refused(change, message):
    with pytest.raises(InvalidArchitecture, match=message) as caught:
        SMALL.from_json(json.dumps({**EXAMPLE, **change}))
    assert len(str(caught.value).splitlines()) == 1
    with pytest.raises(InvalidArchitecture, match="has no 'inject'"):
        SMALL.parse({key: value for key, value in EXAMPLE.items() if key != "inject"})


def test_cells_of_other_spaces_are_refused():
    with pytest.raises(InvalidArchitecture, match="2 leaves, this space has base 8"):
        SPACE.from_json(json.dumps(EXAMPLE))
    with pytest.raises(InvalidArchitecture, match="node 1 activation is sin"):
        nodes = [["add", "tanh"], ["add", "sin"], ["add", "tanh"]]
        SMALL.from_json(json.dumps({**EXAMPLE, "nodes": nodes}))
    with pytest.raises(InvalidArchitecture, match="expected a RecurrentCell"):
        SPACE.encode("lstm")


@pytest.mark.parametrize(
    "settings",
    [
        {"base": 1},
        {"base": 6},
        {"base": 128},
        {"combinations": []},
        {"combinations": ["add", "add"]},
        {"combinations": ["plus"]},
        {"activations": ["gelu"]},
        {"hidden": -1},
        {"parameters": 0},
        {"cell_layers": 0},
        {"dropout": 1.0},
        {"init_range": 0.0},
    ],
)
def test_bad_settings_are_refused(settings):
    with pytest.raises(InvalidValue):
        make_space({"name": "recurrent_cell", **settings})


# -- what a cell computes ------------------------------------------------------------------------
def initial(module, dtype=torch.float64, scale=0.7):
    torch.manual_seed(0)
    for parameter in module.parameters():
        nn.init.uniform_(parameter, -scale, scale)
    return module.to(dtype)


def example(dtype, layers=2):
    x = torch.randn(STEPS, BATCH, HIDDEN, dtype=dtype, requires_grad=True)
    state = tuple(
        torch.randn(layers, BATCH, HIDDEN, dtype=dtype, requires_grad=True) for _ in range(2)
    )
    return x, state


def run(layers, x, state):
    """Outputs, and the gradients of what comes in, of a loss that weighs every number."""
    outputs, last = layers(x, state)
    found = [outputs, *last]
    generator = torch.Generator().manual_seed(1)
    loss = sum((o * torch.randn(o.shape, generator=generator, dtype=o.dtype)).sum() for o in found)
    return [*found, *torch.autograd.grad(loss, [x, *state], retain_graph=True)], loss


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_outputs_and_gradients_are_those_of_a_naive_cell(dtype):
    for cell in [*cells(SPACE, 15), *cells(WIDE, 15), published("nascell"), published("lstm")]:
        fast = initial(CellLayers(cell, HIDDEN, 2, 0.0), dtype)
        naive = NaiveLayers(cell.to_dict(), HIDDEN, 2).to(dtype)
        hand_over(fast, naive)
        x, state = example(dtype)
        (found, loss), (expected, naive_loss) = run(fast, x, state), run(naive, x, state)
        loss.backward()
        naive_loss.backward()
        found += [p.grad for p in fast.parameters()]
        expected += gradients(naive)
        for one, other in zip(found, expected, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def test_equal_indices_and_the_root_as_a_place():
    """c_t is what the node was before memory came in; h_t what came of it."""
    nodes = (("add", "tanh"), ("add", "identity"), ("elem_mult", "sigmoid"))
    cell = RecurrentCell(nodes, ("add", "tanh"), memory_from=2, inject_at=2)
    layers = initial(CellLayers(cell, HIDDEN, 1, 0.0))
    w, u = (p.chunk(2) for p in layers.parameters())
    x, h, c = (torch.randn(BATCH, HIDDEN, dtype=torch.float64) for _ in range(3))
    before = torch.tanh(x @ w[0].T + h @ u[0].T) * (x @ w[1].T + h @ u[1].T)
    _, (last_h, last_c) = layers(x[None], (h[None], c[None]))
    torch.testing.assert_close(last_c[0], before)
    torch.testing.assert_close(last_h[0], torch.tanh(torch.sigmoid(before) + c))


def test_the_deferred_gradient_is_exact():
    for cell in cells(WIDE, 5, seed=3):
        layers = initial(CellLayers(cell, 2, 1, 0.0)).layers[0]
        names, weights = zip(*layers.named_parameters(), strict=True)
        x, (h, c) = torch.randn(3, 2, 2), torch.randn(2, 2, 2)
        inputs = [t.double().requires_grad_() for t in (*weights, x, h, c)]

        def call(w, u, *inputs, layers=layers, names=names):
            return torch.func.functional_call(layers, dict(zip(names, (w, u), strict=True)), inputs)

        assert torch.autograd.gradcheck(call, [t.detach().requires_grad_() for t in inputs])


def test_the_deferred_gradient_comes_once_a_backward():
    weights = torch.randn(6, 4, dtype=torch.float64, requires_grad=True)
    first = torch.randn(2, 4, dtype=torch.float64, requires_grad=True)

    def total(multiply):
        h, losses = first, []
        for step in range(3):
            h = torch.tanh(multiply(step, h)[:, :4])
            losses.append(h.pow(2).sum())
        return losses

    product = SequenceProduct(weights)
    losses, plain = total(product), total(lambda _, h: h @ weights.T)
    for chosen in (slice(None), slice(0, 2), slice(None)):  # the same graph, again and in part
        one, other = sum(losses[chosen]), sum(plain[chosen])
        torch.autograd.grad(one, first, retain_graph=True)  # without the weights
        found = torch.autograd.grad(one, [weights, first], retain_graph=True)
        expected = torch.autograd.grad(other, [weights, first], retain_graph=True)
        for a, b in zip(found, expected, strict=True):
            torch.testing.assert_close(a, b)
    for leaf in (weights, first):
        with pytest.raises(RuntimeError, match="no second derivative"):
            torch.autograd.grad(losses[-1], leaf, create_graph=True)


def test_weights_that_are_not_trained_get_no_gradient():
    layers = initial(CellLayers(cells(SPACE, 1)[0], HIDDEN, 2, 0.0)).requires_grad_(False)
    x, state = example(torch.float64)
    outputs, _ = layers(x, state)
    outputs.sum().backward()
    assert x.grad is not None and all(p.grad is None for p in layers.parameters())


def test_the_lstm_of_the_space_is_an_lstm():
    """Forget and output gate have several leaf pairs: their sums are the LSTM's matrices."""
    cell = initial(CellLayers(published("lstm"), HIDDEN, 1, 0.0))
    lstm = nn.LSTMCell(HIDDEN, HIDDEN, bias=False).double()
    leaves = {"input": [2], "forget": [0, 1], "candidate": [3], "output": [4, 5, 6, 7]}
    with torch.no_grad():
        for own, theirs in zip(cell.parameters(), lstm.parameters(), strict=True):
            blocks = own.view(8, HIDDEN, HIDDEN)
            theirs.copy_(torch.cat([blocks[gate].sum(0) for gate in leaves.values()]))
    x, state = example(torch.float64, layers=1)

    def steps(x, state):
        h, c = state[0][0], state[1][0]
        outputs = []
        for x_t in x:
            h, c = lstm(x_t, (h, c))
            outputs.append(h)
        return torch.stack(outputs), (h[None], c[None])

    (found, loss), (expected, lstm_loss) = run(cell, x, state), run(steps, x, state)
    loss.backward()
    lstm_loss.backward()
    for own, theirs in zip(cell.parameters(), lstm.parameters(), strict=True):
        gates = theirs.grad.chunk(4)
        for gate, members in zip(gates, leaves.values(), strict=True):
            for leaf in members:
                found.append(own.grad.view(8, HIDDEN, HIDDEN)[leaf])
                expected.append(gate)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def test_the_nascell_is_the_published_one():
    """The equations of the authors' implementation, tf.contrib.rnn.NASCell."""
    cell = initial(CellLayers(published("nascell"), HIDDEN, 1, 0.0))
    layer = cell.layers[0]
    x, state = example(torch.float64, layers=1)
    found, (last_h, last_c) = cell(x, state)
    sigmoid, relu, tanh = torch.sigmoid, torch.relu, torch.tanh
    m, c = state[0][0], state[1][0]
    outputs = []
    for x_t in x:
        i = (x_t @ layer.input_weights.T).chunk(8, 1)
        r = (m @ layer.recurrent_weights.T).chunk(8, 1)
        l1_0, l1_1 = sigmoid(i[0] + r[0]), relu(i[1] + r[1])
        l1_2, l1_3 = sigmoid(i[2] + r[2]), relu(i[3] * r[3])
        l1_4, l1_5 = tanh(i[4] + r[4]), sigmoid(i[5] + r[5])
        l1_6, l1_7 = tanh(i[6] + r[6]), sigmoid(i[7] + r[7])
        l2_0 = tanh(tanh(l1_0 * l1_1) + c)
        l2_1, l2_2, l2_3 = tanh(l1_2 + l1_3), tanh(l1_4 * l1_5), sigmoid(l1_6 + l1_7)
        c = l2_0 * l2_1
        m = tanh(c * tanh(l2_2 + l2_3))
        outputs.append(m)
    torch.testing.assert_close(found, torch.stack(outputs))
    torch.testing.assert_close(last_h[0], m)
    torch.testing.assert_close(last_c[0], c)


# -- the language model --------------------------------------------------------------------------
def test_parameters_are_those_of_the_paper():
    """About 20M untied: 533 units, whatever the cell; Zaremba's medium LSTM has 650."""
    assert Size(10_000, 2, 0, tied=False, matrices=8, biases=0).units(19_775_200) == 533
    for cell in cells(SPACE, 2):
        cost = SPACE.cost(cell, (35,), 10_000)
        assert cost.parameters == 2 * 10_000 * 533 + 10_000 + 2 * 2 * 8 * 533**2 < 19_775_200
    # A token: 2 layers x 16 matrices and the softmax; what is not a product does not count.
    assert cost.flops == 2 * (2 * 16 * 533**2 + 10_000 * 533)
    with torch.device("meta"):
        medium = reference_model("lstm", vocabulary=10_000, parameters=19_785_600)
    assert medium.core.hidden_size == 650


def test_the_character_models_have_the_papers_size():
    """6.57 million parameters, embeddings of 128: 716 units of an LSTM, 501 of a base-8 cell."""
    problem = gymnasium.make("NAS-PTBChar-v0").unwrapped.problem
    settings = problem.space.child_settings
    assert settings["embedding"] == 128
    with torch.device("meta"):
        lstm = reference_model("lstm", vocabulary=50, **settings)
        found = cell_model(published("nascell"), vocabulary=50, **settings)
    assert (lstm.core.hidden_size, found.core.hidden_size) == (716, 501)
    assert [round(count(model) / 1e6, 2) for model in (lstm, found)] == [6.57, 6.57]
    assert lstm.embedding.weight.shape == found.embedding.weight.shape == (50, 128)
    native = problem.task.compared(problem.space)["LSTM"]
    assert native.space["embedding"] == 128


SIZES = [
    ("penn_treebank", {"parameters": 32_000_000}),
    ("penn_treebank", {"parameters": 25_000_000, "tied": True}),
    ("penn_treebank", {"parameters": 54_000_000, "tied": True}),
    ("penn_treebank_characters", {"parameters": 6_570_000, "embedding": 128}),
    ("penn_treebank_characters", {"parameters": 16_280_000, "embedding": 128}),
]


@pytest.mark.parametrize("task, settings", SIZES, ids=str)
def test_the_final_models_have_the_papers_parameters_to_one_percent(task, settings):
    """Those of the paper's tables 2 and 3, for the found cell and the LSTM beside it."""
    vocabulary = task_class(task).outputs
    with torch.device("meta"):
        lstm = reference_model("lstm", vocabulary=vocabulary, **settings)
        found = cell_model(published("nascell"), vocabulary=vocabulary, **settings)
    for model in (lstm, found):
        assert count(model) == pytest.approx(settings["parameters"], rel=0.01)


def test_the_largest_character_model_is_the_papers():
    """Two layers of 800 units, with embeddings of 128: 16.28 million parameters."""
    units = {"hidden": 800, "embedding": 128}
    with torch.device("meta"):
        model = cell_model(published("nascell"), vocabulary=50, **units)
    assert count(model) == pytest.approx(16_280_000, rel=0.01)


def count(model):
    return sum(p.numel() for p in model.parameters())


SHAPES = [{}, {"tied": True}, {"embedding": 7}, {"tied": True, "embedding": 7}, {"layers": 1}]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("budget", [2_000, 20_000, 123_456])
def test_hidden_size_is_the_largest_in_the_budget(shape, budget):
    settings = {"vocabulary": 31, **shape}
    for make in (
        lambda **k: cell_model(cells(SMALL, 1)[0], **settings, **k),
        lambda **k: reference_model("lstm", **settings, **k),
    ):
        model = make(parameters=budget)
        larger = make(hidden=model.core.hidden_size + 1)
        assert count(model) <= budget < count(larger)


def test_a_budget_that_is_too_small_is_refused():
    with pytest.raises(InvalidValue, match="parameters is 100, a single unit takes"):
        RecurrentCellSpace(parameters=100).cost(cells(SPACE, 1)[0], (35,), 50)
    with pytest.raises(UnknownName, match="reference model 'lstn'"):
        reference_model("lstn", vocabulary=50, hidden=3)


def models(**settings):
    settings = {"vocabulary": 11, "hidden": 6, **settings}
    return [
        *(cell_model(cell, **settings) for cell in cells(SPACE, 2)),
        reference_model("lstm", **settings),
    ]


@pytest.mark.parametrize("tied, embedding", [(False, 0), (False, 4), (True, 0)])
def test_the_protocol_of_a_language_model(tied, embedding):
    symbols = torch.arange(STEPS * BATCH).view(STEPS, BATCH) % 11
    for model in models(tied=tied, embedding=embedding):
        state = model.initial_state(BATCH)
        assert all(part.shape == (2, BATCH, 6) and not part.any() for part in state)
        logits, state = model.eval()(symbols, state)
        assert logits.shape == (STEPS, BATCH, 11)
        assert (model.softmax.weight is model.embedding.weight) == tied
        # In two parts it is the same: the state carries all.
        first, middle = model(symbols[:2], model.initial_state(BATCH))
        second, end = model(symbols[2:], tuple(part.detach() for part in middle))
        torch.testing.assert_close(torch.cat([first, second]), logits)
        torch.testing.assert_close(end, state)
        for part in (*state, *model.double().initial_state(1), *model.to("meta").initial_state(1)):
            assert part.dtype in (torch.float32, torch.float64)
            assert part.device.type in ("cpu", "meta")


def test_weights_start_in_their_range():
    for model in models(init_range=0.05):
        values = torch.cat([p.flatten() for p in model.parameters()]).detach()
        assert values.abs().max() <= 0.05 and values.std() == pytest.approx(0.05 / 3**0.5, rel=0.1)


def test_dropout_is_on_the_connections_that_are_not_recurrent():
    """With all that is not recurrent dropped, nothing of the symbols is left, but h goes on."""
    symbols = torch.zeros(4, 1, dtype=torch.int64)
    for model in models(dropout=0.5):
        assert not torch.equal(*(model(symbols, model.initial_state(1))[0] for _ in range(2)))
        model.eval()
        assert torch.equal(*(model(symbols, model.initial_state(1))[0] for _ in range(2)))
    cell = cell_model(published("lstm"), vocabulary=11, hidden=6, dropout=0.999)
    state = tuple(torch.ones_like(part) for part in cell.initial_state(1))
    _, (h, c) = cell(symbols, state)
    assert (h != 0).all() and (c != 0).all()


def test_language_models_learn():
    """A sequence that repeats itself."""
    torch.manual_seed(0)
    symbols = (torch.arange(41)[:, None] + torch.arange(4)) % 7
    for model in [
        cell_model(published("nascell"), vocabulary=7, hidden=12, dropout=0.0, init_range=0.3),
        reference_model("lstm", vocabulary=7, hidden=12, dropout=0.0, init_range=0.3),
    ]:
        optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
        for _ in range(80):
            logits, _ = model(symbols[:-1], model.initial_state(4))
            loss = functional.cross_entropy(logits.flatten(0, 1), symbols[1:].flatten())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        assert loss < 0.1


def test_bfloat16_by_autocast():
    symbols = torch.arange(STEPS * BATCH).view(STEPS, BATCH) % 11
    for model in models(dropout=0.0, init_range=0.3):
        losses, grads = [], []
        for precision in ("float32", "bfloat16"):
            model.zero_grad()
            recipe = LanguageRecipe(precision=precision)
            with recurrent_autocast(recipe, torch.device("cpu")):
                logits, state = model(symbols, model.initial_state(BATCH))
                loss = functional.cross_entropy(logits.flatten(0, 1).float(), symbols.flatten())
                model(symbols, tuple(part.detach() for part in state))  # the next stretch
            loss.backward()
            losses.append(loss.item())
            grads.append(torch.cat([p.grad.flatten() for p in model.parameters()]))
            assert all(part.dtype == torch.float32 for part in state)
        assert losses[0] == pytest.approx(losses[1], rel=0.01)
        assert functional.cosine_similarity(*grads, dim=0) > 0.99


# -- drawings ------------------------------------------------------------------------------------
def test_the_graph_of_a_cell():
    vertices = SMALL.graph(SMALL.parse(EXAMPLE))
    text = text_graph(vertices)
    assert [line.split() for line in text.splitlines()][3:] == [
        ["inject", "+", "relu", "<-", "cₜ₋₁,", "0"],
        ["1", "×", "relu", "<-", "xₜ,", "hₜ₋₁"],
        ["2", "×", "sigmoid", "<-", "inject,", "1"],
        ["cₜ", "1", "before", "activation", "<-", "1"],
        ["hₜ", "<-", "2"],
    ]
    assert suitable_layout(vertices) == "layers"
    at_root = RecurrentCell(SPACE.decode([0] * 34).nodes, ("add", "tanh"), 14, 14)
    names = [vertex.name for vertex in SPACE.graph(at_root)]
    *_, memory, h = SPACE.graph(at_root)
    assert names[memory.parents[0]] == "14" and names[h.parents[0]] == "inject"
    assert to_rgb(draw_graph(SPACE.graph(at_root))).std() > 0


def test_a_space_without_known_networks_compares_with_none():
    assert make_task("penn_treebank").compared(make_space("convolutional")) == {}


def test_a_reference_is_as_large_as_the_cells_and_no_cell_itself():
    space = RecurrentCellSpace(base=2, hidden=8)
    reference = space.reference("native:lstm", 31)
    native, cost = reference.architecture, space.cost(cells(space, 1)[0], (), 31)
    builder = make_space(reference.space)
    assert builder.cost(native, (), 31).parameters <= cost.parameters
    assert builder.parse(native.to_dict()) == native
    with pytest.raises(InvalidArchitecture, match="expected a RecurrentCell, got Native"):
        space.from_json(native.to_json())
