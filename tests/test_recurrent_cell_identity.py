"""Which recurrent cells are one cell: against what they compute, with their leaves renamed."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from benchmarks.cell_functions import all_cells, fingerprints, grouped
from search_spaces import make_space, published_architecture
from search_spaces.recurrent_cell import RecurrentCell, RecurrentCellSpace
from search_spaces.recurrent_cell._identity import canonical_parts
from search_spaces.recurrent_cell._layer import CellLayers
from search_spaces.recurrent_cell._signs import ANY, NOT_NEGATIVE, ZERO, signs

SPACE = RecurrentCellSpace()
LARGER = {
    "combinations": ("add", "elem_mult", "max"),
    "activations": ("identity", "tanh", "sigmoid", "relu", "sin"),
}
STEPS, BATCH, HIDDEN = 4, 2, 3


def cells(count, seed=0, **settings):
    space = RecurrentCellSpace(**settings)
    rows = space.sample_batch(np.random.default_rng(seed), count).tolist()
    return [space.decode(row) for row in rows]


def cell(*nodes, inject=("add", "identity"), memory_from=0, inject_at=0):
    return RecurrentCell(nodes, inject, memory_from, inject_at)


def orders(base):
    """The orders of the leaves that swapping children makes."""
    if base == 1:
        return [(0,)]
    half = orders(base // 2)
    pairs = [(left, tuple(i + base // 2 for i in right)) for left in half for right in half]
    return [order for left, right in pairs for order in (left + right, right + left)]


def swapped(given, flips):
    """The cell with the children of each inner node exchanged where ``flips`` says so."""
    base, count = given.base, len(given.nodes)
    rows = [[count - 1]]
    while rows[0][0] >= base:
        pairs = [
            [2 * (n - base), 2 * (n - base) + 1][:: -1 if flips[n - base] else 1] for n in rows[0]
        ]
        rows.insert(0, [child for pair in pairs for child in pair])
    order = [node for row in rows for node in row]
    return RecurrentCell(
        tuple(given.nodes[node] for node in order),
        given.inject,
        order.index(given.memory_from),
        order.index(given.inject_at),
    )


def computed(given, leaves):
    """Every h from h = c = 0 on, and the gradient of a weighing of them, with leaves so named."""
    generator = torch.Generator().manual_seed(0)

    def draw(*shape):
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    layers = CellLayers(given, HIDDEN, 1, 0.0).double()
    weights = [draw(given.base, HIDDEN, HIDDEN) for _ in range(2)]
    with torch.no_grad():
        for parameter, blocks in zip(layers.parameters(), weights, strict=True):
            parameter.copy_(blocks[list(leaves)].flatten(0, 1))
    x = draw(STEPS, BATCH, HIDDEN).requires_grad_()
    zeros = torch.zeros(1, BATCH, HIDDEN, dtype=torch.float64)
    h, _ = layers(x, (zeros, zeros))
    gradients = torch.autograd.grad((h * draw(*h.shape)).sum(), [x, *layers.parameters()])
    back = np.argsort(leaves)
    grown = [g.view(given.base, HIDDEN, HIDDEN)[back].flatten() for g in gradients[1:]]
    return torch.cat([h.detach().flatten(), gradients[0].flatten(), *grown])


def same_function(one, other):
    found = computed(one, range(one.base))
    return any(
        torch.allclose(found, computed(other, leaves), rtol=1e-9, atol=1e-12)
        for leaves in orders(one.base)
    )


@pytest.mark.parametrize("base, count", [(2, 200), (4, 60), (8, 5)])
@pytest.mark.parametrize("options", [{}, LARGER], ids=["default", "larger"])
def test_the_canonical_cell_computes_the_same(base, count, options):
    """Gradients too, each leaf's to the matrices that it took along."""
    for given in cells(count, base=base, **options):
        assert same_function(given, given.canonical()), given


def test_canonical_cells_stand_for_themselves_and_can_be_chosen():
    for base, options in itertools.product((2, 4, 8, 16), ({}, LARGER)):
        space = RecurrentCellSpace(base=base, **options)
        for given in cells(200, base=base, **options):
            canonical = given.canonical()
            assert canonical.canonical() == canonical
            assert space.decode(space.encode(canonical)) == canonical


def test_swapped_children_make_no_other_cell():
    rng = np.random.default_rng(1)
    for given in [*cells(100), *cells(100, base=16, **LARGER)]:
        twin = swapped(given, rng.random(given.base - 1) < 0.5)
        assert sorted(twin.nodes) == sorted(given.nodes)
        assert twin.canonical() == given.canonical()


@pytest.mark.parametrize("name", ["nascell", "lstm"])
def test_published_cells_keep_their_operations(name):
    given = make_space("recurrent_cell").parse(published_architecture(name))
    assert sorted(given.canonical().nodes) == sorted(given.nodes)
    assert same_function(given, given.canonical())


def test_how_many_there_are_at_base_2():
    """Canonical forms, and the functions that random weights tell apart among them."""
    cells = all_cells()
    forms = sorted({canonical_parts(*cell) for cell in cells})
    function, (within, between) = grouped(fingerprints(forms))
    assert (len(cells), len(forms), len(set(function))) == (36_864, 12_093, 10_991)
    assert within < 1e-11 and between > 1e-9  # so the count does not hang on where they part


# -- signs ---------------------------------------------------------------------------------------
PRODUCT, SUM = ("elem_mult", "identity"), ("add", "identity")


def test_cells_that_never_wake_are_one():
    asleep = [
        cell(PRODUCT, ("elem_mult", "tanh"), SUM),
        cell(PRODUCT, ("elem_mult", "relu"), ("add", "tanh"), memory_from=2, inject_at=1),
        cell(("add", "sigmoid"), PRODUCT, PRODUCT, inject=("add", "relu"), memory_from=1),
    ]
    assert len({given.canonical() for given in asleep}) == 1
    for given in asleep:
        assert not computed(given, range(2)).any()
    woken = cell(PRODUCT, ("elem_mult", "tanh"), SUM, inject=("add", "sigmoid"))
    assert woken.canonical() != asleep[0].canonical()
    assert computed(woken, range(2)).any()


def test_signs_of_all_steps():
    given = cell(("add", "sigmoid"), ("add", "relu"), ("elem_mult", "relu"), memory_from=2)
    found = signs(given.nodes, given.inject, 2, 0)
    assert found.before == (ANY, ANY, NOT_NEGATIVE) and found.h == NOT_NEGATIVE
    assert given.canonical().nodes[2] == ("elem_mult", "identity")
    # The memory's own sign counts: here c is a leaf before its activation.
    found = signs(given.nodes, given.inject, 0, 0)
    assert found.inject == ANY and found.before[2] == ANY
    # c is zero at first only: it is a sum of what is not zero.
    found = signs([PRODUCT, SUM, SUM], SUM, 2, 0)
    assert found.h == ANY and found.before[0] == ANY
    found = signs([("elem_mult", "tanh"), ("add", "relu"), ("max", "relu")], SUM, 1, 2)
    assert found.before[2] == NOT_NEGATIVE


def test_signs_hold_in_what_is_computed():
    torch.manual_seed(0)
    for given in cells(200, seed=5, base=4, **LARGER):
        found = signs(given.nodes, given.inject, given.memory_from, given.inject_at)
        layers = CellLayers(given, HIDDEN, 1, 0.0)
        for parameter in layers.parameters():
            nn.init.normal_(parameter)
        zeros = torch.zeros(1, BATCH, HIDDEN)
        h, (_, c) = layers(torch.randn(STEPS, BATCH, HIDDEN), (zeros, zeros))
        for value, sign in ((h, found.h), (c, found.before[given.memory_from])):
            assert sign != ZERO or not value.any()
            assert sign != NOT_NEGATIVE or (value >= 0).all()
