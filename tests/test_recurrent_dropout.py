"""Dropout of one mask a sequence, shared embeddings of their own length, the paper's sizes."""

import pytest
import torch

from search_spaces._published import published_architecture
from search_spaces.recurrent_cell import RecurrentCellSpace
from search_spaces.recurrent_cell._dropout import DroppingLSTM, SequenceDropout, make_dropout
from search_spaces.recurrent_cell._layer import CellLayers
from search_spaces.recurrent_cell._network import Size, cell_model, reference_model

SPACE = RecurrentCellSpace()
STEPS, BATCH, HIDDEN = 5, 3, 6


def cell(name="nascell"):
    return SPACE.parse(published_architecture(name))


def models(**settings):
    settings = {"vocabulary": 11, "hidden": HIDDEN, "init_range": 0.5, **settings}
    return [cell_model(cell(), **settings), reference_model("lstm", **settings)]


# -- masks ---------------------------------------------------------------------------------------
def test_a_mask_of_a_sequence_is_the_same_at_each_step_and_another_for_each_text():
    torch.manual_seed(0)
    drop, ones = SequenceDropout(0.25), torch.ones(7, 40, 50)
    seen = drop(ones)
    assert torch.equal(seen, seen[:1].expand_as(seen)) and len(seen[0].unique(dim=0)) == 40
    assert seen.unique().tolist() == pytest.approx([0, 1 / 0.75])
    assert (seen == 0).float().mean().item() == pytest.approx(0.25, abs=0.03)
    assert torch.equal(drop.eval()(ones), ones)
    steps = make_dropout(0.25, "step")(ones)
    assert not torch.equal(steps, steps[:1].expand_as(steps))


@pytest.mark.parametrize("masks", ["step", "sequence"])
def test_a_model_drops_embeddings_layers_and_outputs_by_such_masks(masks):
    """With the recurrent weights at zero, equal symbols give equal logits where the mask stays."""
    torch.manual_seed(0)
    symbols = torch.ones(4, 1, dtype=torch.int64)
    (model, _) = models(dropout=0.5, masks=masks)
    for layer in model.core.layers:
        torch.nn.init.zeros_(layer.recurrent_weights)
        layer.step = lambda wx, uh, c: (torch.tanh(wx[:, :HIDDEN]), c)  # a cell without memory
    logits, _ = model(symbols, model.initial_state(1))
    same = torch.equal(logits, logits[:1].expand_as(logits))
    assert same == (masks == "sequence")


def test_recurrent_dropout_is_of_the_state_alone_and_of_one_mask():
    """Written out by hand: each step reads h_{t-1} times the same mask, c is not dropped."""
    torch.manual_seed(0)
    layers = CellLayers(cell(), HIDDEN, 1, dropout=0.0, recurrent=0.5)
    (layer,) = layers.layers
    for weights in layer.parameters():
        torch.nn.init.uniform_(weights, -0.5, 0.5)
    x, state = torch.randn(STEPS, BATCH, HIDDEN), torch.randn(2, 1, BATCH, HIDDEN)
    torch.manual_seed(1)
    found, (last_h, last_c) = layers(x, tuple(state))
    torch.manual_seed(1)
    h, c = state[0, 0], state[1, 0]
    mask = torch.nn.functional.dropout(torch.ones_like(h), 0.5)
    assert 0 < (mask == 0).sum() < mask.numel()
    for step in range(STEPS):
        product = (h * mask) @ layer.recurrent_weights.t()
        h, c = layer.step(x[step] @ layer.input_weights.t(), product, c)
        torch.testing.assert_close(found[step], h)
    torch.testing.assert_close(last_h[0], h)
    torch.testing.assert_close(last_c[0], c)


def test_no_rate_changes_nothing_and_validation_drops_nothing():
    symbols = torch.arange(STEPS * BATCH).view(STEPS, BATCH) % 11
    plain, dropping = (
        models(dropout=0.0),
        models(dropout=0.5, masks="sequence", recurrent_dropout=0.5),
    )
    for one, other in zip(plain, dropping, strict=True):
        other.load_state_dict(one.state_dict())  # the same names and shapes
        expected, state = one.eval()(symbols, one.initial_state(BATCH))
        found, _ = other.eval()(symbols, other.initial_state(BATCH))
        torch.testing.assert_close(found, expected)
        with torch.no_grad():
            other.train()(symbols, state)


def test_the_lstm_that_drops_is_torchs_own_where_nothing_is_dropped():
    """Outputs, states and gradients."""
    torch.manual_seed(0)
    own = torch.nn.LSTM(4, HIDDEN, 2)
    other = DroppingLSTM(4, HIDDEN, 2, torch.nn.Dropout(0.0), 0.0)
    other.load_state_dict(own.state_dict())
    x, state = torch.randn(STEPS, BATCH, 4), tuple(torch.randn(2, 2, BATCH, HIDDEN))
    results = []
    for model in (own, other):
        outputs, (h, c) = model(x, state)
        (outputs.square().sum() + h.sum() + c.sum()).backward()
        gradients = [parameter.grad for parameter in model.parameters()]
        results.append([outputs, h, c, *gradients])
    torch.testing.assert_close(*results, atol=1e-5, rtol=1e-5)


def test_the_lstm_drops_its_state_by_one_mask():
    """A state that is dropped as a whole leaves an LSTM that has none at each step."""
    torch.manual_seed(0)
    lstm = DroppingLSTM(4, HIDDEN, 1, torch.nn.Dropout(0.0), 1.0 - 1e-9)
    x, zeros = torch.randn(STEPS, BATCH, 4), torch.zeros(1, BATCH, HIDDEN)
    state = (torch.ones_like(zeros), zeros)
    found, _ = lstm(x, state)
    c = zeros[0]
    weights, _, *biases = lstm.all_weights[0]
    for step in range(STEPS):
        i, f, g, o = (x[step] @ weights.t() + sum(biases)).chunk(4, dim=1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        torch.testing.assert_close(found[step], o.sigmoid() * c.tanh())


# -- sizes ---------------------------------------------------------------------------------------
def parameters(model):
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize("embedding", [0, 4])
@pytest.mark.parametrize("tied", [False, True])
def test_sizes_are_counted_as_they_are_built(tied, embedding):
    for number, model in enumerate(models(tied=tied, embedding=embedding)):
        matrices, biases = ((8, 0), (4, 8))[number]
        size = Size(11, 2, embedding, tied=tied, matrices=matrices, biases=biases)
        a, b, c = size.coefficients
        assert parameters(model) == a * HIDDEN**2 + b * HIDDEN + c
        assert size.units(parameters(model)) == HIDDEN
        assert (model.softmax.weight is model.embedding.weight) == tied
        logits, _ = model(torch.zeros(2, 1, dtype=torch.int64), model.initial_state(1))
        assert logits.shape == (2, 1, 11)


#: Settings of the paper's models (section 4.2) by their parameters; the sizes of words are found
#: from the parameters, the characters' are of 501 and of 800 units.
SIZES = {
    32_000_000: (10_000, {}),
    25_000_000: (10_000, {"tied": True}),
    54_000_000: (10_000, {"tied": True}),
    6_570_000: (50, {"embedding": 128, "hidden": 501}),
    16_280_000: (50, {"embedding": 128, "hidden": 800}),
}


@pytest.mark.parametrize("count", SIZES)
def test_parameters_of_the_papers_models(count):
    vocabulary, settings = SIZES[count]
    space = RecurrentCellSpace(**{"parameters": count, **settings})
    found = space.cost(cell(), (), vocabulary).parameters
    assert found == pytest.approx(count, rel=0.01)
    lstm = space.reference("native:lstm", vocabulary)
    again = RecurrentCellSpace(**{n: v for n, v in lstm.space.items() if n != "name"})
    assert again.cost(lstm.architecture, (), vocabulary).parameters == pytest.approx(
        count, rel=0.01
    )


def test_a_space_without_these_settings_is_described_as_before_there_were_any():
    plain = {
        "name": "recurrent_cell",
        "hidden": 6,
        "parameters": 19775200,
        "cell_layers": 2,
        "embedding": 0,
        "dropout": 0.5,
        "tied": False,
        "init_range": 0.05,
    }
    assert RecurrentCellSpace(hidden=6).construction == plain
    dropping = RecurrentCellSpace(hidden=6, recurrent_dropout=0.25, masks="sequence").construction
    assert dropping == {**plain, "recurrent_dropout": 0.25, "masks": "sequence"}
