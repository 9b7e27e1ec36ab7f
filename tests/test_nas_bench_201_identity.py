"""Which cells of NAS-Bench-201 are one network, shown by computing with all of them."""

import itertools
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from search_spaces.nas_bench_201 import NASBench201Space
from search_spaces.nas_bench_201._identity import EDGES, canonical_cells
from search_spaces.nas_bench_201._network import Cell

SPACE = NASBench201Space()
NONE, SKIP, C1, C3, POOL = range(5)


def cell(*tokens):
    return SPACE.decode(tokens)


def same(*cells):
    return len({SPACE.decode(tokens).canonical() for tokens in cells}) == 1


def test_canonical_cells_stand_for_themselves():
    canonical = canonical_cells()
    assert len(canonical) == 15_625 and len(set(canonical.values())) == 5_554
    for tokens, representative in canonical.items():
        assert canonical[representative] == representative
        assert np.count_nonzero(representative) <= np.count_nonzero(tokens)
    assert cell(*canonical[(C3, 0, C3, 1, 0, 1)]) == cell(C3, 0, C3, 1, 0, 1).canonical()


def test_what_is_folded():
    assert same((C3, 0, 0, 0, 0, 0), (0, 0, 0, 0, 0, 0), (0, 0, POOL, 0, SKIP, SKIP))  # no way out
    assert same((C3, 0, 0, 0, C1, 0), (0, C3, 0, 0, 0, C1))  # nodes 1 and 2 swapped
    assert same((SKIP, 0, C3, 0, POOL, C1), (SKIP, C3, 0, POOL, 0, C1))  # node 1 is the input
    assert same((C3, 0, SKIP, 0, C1, POOL), (C3, 0, SKIP, 0, POOL, C1))  # node 2 is node 1
    assert same((C3, SKIP, SKIP, 0, 0, POOL), (C3, 0, 0, POOL, POOL, 0))  # pooling is linear
    assert same((SKIP, SKIP, SKIP, 0, 0, SKIP), (SKIP, 0, 0, SKIP, SKIP, 0))  # twice the input
    assert same((0, 0, C3, 0, 0, POOL), (0, 0, C3, 0, 0, SKIP), (0, 0, 0, 0, C3, 0))


def test_what_is_not_folded():
    assert not same((0, 0, 0, 0, C3, 0), (0, 0, 0, 0, 0, 0))  # of zeros: its bias is learnt
    assert not same((0, 0, 0, 0, C3, 0), (0, 0, 0, 0, C1, 0))
    shared, separate = (C3, 0, SKIP, 0, SKIP, SKIP), (C3, C3, 0, 0, SKIP, SKIP)
    assert not same(shared, separate)
    assert not same((C3, 0, C1, 0, SKIP, SKIP), (C3, 0, C1, C3, 0, SKIP))
    doubled, plain = (SKIP, SKIP, SKIP, 0, 0, C3), (0, 0, 0, C3, 0, 0)
    assert not same(doubled, plain)


SIDE, SLOTS = 3, 4
RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(4, SIDE**2))
TOUCHING = np.array(
    [
        [max(abs(a - c), abs(b - d)) < 2 for c, d in np.ndindex(SIDE, SIDE)]
        for a, b in np.ndindex(SIDE, SIDE)
    ]
)
AVERAGE = TOUCHING / TOUCHING.sum(1, keepdims=True)


def matrix(kernel):
    """A convolution of a map with one channel, as a matrix."""
    padded = np.zeros((SIDE + 2, SIDE + 2))
    rows = []
    for row, column in np.ndindex(SIDE, SIDE):
        padded[:] = 0
        padded[row : row + 3, column : column + 3] = kernel
        rows.append(padded[1:-1, 1:-1].ravel())
    return np.array(rows)


CENTRE = np.pad([[1.0]], 1)
KERNELS = {
    C1: np.array([matrix(CENTRE * RNG.normal()) for _ in range(SLOTS)]),
    C3: np.array([matrix(RNG.normal(size=(3, 3))) for _ in range(SLOTS)]),
}
SHIFTS = {kind: RNG.uniform(0.5, 1.5, SLOTS) * [1, -1, 1, -1] for kind in KERNELS}
LOOK = RNG.normal(size=INPUTS.shape)


def fingerprint(tokens):
    """One number for what a cell computes, whichever convolution has which of a few weights.

    It knows nothing of sums and terms: the operations are carried out, on maps of one channel, for
    all ways to hand weights to the convolutions; the mean of the results' sines is what stays.
    """
    convolutions = {
        kind: [edge for edge, token in enumerate(tokens) if token == kind] for kind in KERNELS
    }
    hands = itertools.product(
        *(itertools.permutations(range(SLOTS), len(edges)) for edges in convolutions.values())
    )
    slots = np.array([list(itertools.chain(*hand)) for hand in hands], dtype=int)
    slot = dict(zip(itertools.chain(*convolutions.values()), slots.T, strict=True))
    nodes = [np.broadcast_to(INPUTS, (len(slots), *INPUTS.shape))]
    nodes += [np.zeros(nodes[0].shape) for _ in range(3)]
    for edge, ((source, target), token) in enumerate(zip(EDGES, tokens, strict=True)):
        x = nodes[source]
        if token == SKIP:
            nodes[target] = nodes[target] + x
        elif token == POOL:
            nodes[target] = nodes[target] + x @ AVERAGE.T
        elif token != NONE:
            kernel, shift = KERNELS[token][slot[edge]], SHIFTS[token][slot[edge]]
            y = np.maximum(x, 0) @ kernel.transpose(0, 2, 1) + shift[:, None, None]
            nodes[target] = nodes[target] + y
    return np.sin((nodes[3] * LOOK).sum((1, 2))).mean()


def test_cells_are_one_network_exactly_if_they_compute_the_same():
    """Over the whole space, but for the 50 cells with over four convolutions of a kind."""
    cells = [t for t in canonical_cells() if max(t.count(C1), t.count(C3)) <= SLOTS]
    assert len(cells) == 15_625 - 50
    prints = np.array([fingerprint(tokens) for tokens in cells])
    order = np.argsort(prints)
    group = np.empty(len(cells), dtype=int)
    group[order] = np.cumsum(np.diff(prints[order], prepend=-np.inf) > 1e-11)
    pairs = {(g, canonical_cells()[tokens]) for g, tokens in zip(group, cells, strict=True)}
    assert len(pairs) == len(set(group)) == len({representative for _, representative in pairs})


def test_a_folded_module_computes_what_the_whole_one_does():
    """In training too: its batch norms see the same batches."""
    torch.manual_seed(0)
    x = torch.randn(4, 3, 5, 5, dtype=torch.float64)
    for tokens in np.random.default_rng(1).integers(5, size=(60, 6)).tolist():
        whole = Cell(cell(*tokens).operations, 3).double()
        folded = Cell(cell(*tokens).canonical().operations, 3).double()
        for part in whole.modules():
            if isinstance(part, torch.nn.BatchNorm2d):
                torch.nn.init.normal_(part.bias)
        assert any(torch.allclose(whole(x), f(x)) for f in with_weights_of(whole, folded)), tokens


def with_weights_of(whole, folded):
    """The folded cell with the weights of the whole one, handed over in every way."""
    sources = [name for name, part in whole.edges.items() if list(part.parameters())]
    targets = [name for name, part in folded.edges.items() if list(part.parameters())]
    for chosen in itertools.permutations(sources, len(targets)):
        pairs = [(whole.edges[s], folded.edges[t]) for s, t in zip(chosen, targets, strict=True)]
        if all(s[1].weight.shape == t[1].weight.shape for s, t in pairs):
            for source, target in pairs:
                target.load_state_dict(source.state_dict())
            yield folded


def test_cells_of_one_network_came_out_alike():
    """Where training works at all, they differ by what the seeds make of it."""
    path = Path(os.environ.get("NAS_DATA", "")) / "nas-bench-201.npz"
    if not path.is_file():
        pytest.skip("NAS_DATA names no folder with nas-bench-201.npz")
    table = np.load(path, allow_pickle=False)
    accuracy = dict(zip(map(tuple, table["ops"].tolist()), table["c10_test200"], strict=True))
    twins = [(t, c) for t, c in canonical_cells().items() if t != c and accuracy[c] > 85]
    differences = np.array([accuracy[t] - accuracy[c] for t, c in twins])
    assert len(twins) > 3_000 and np.median(np.abs(differences)) < 0.25
    assert np.corrcoef([[accuracy[t], accuracy[c]] for t, c in twins], rowvar=False)[0, 1] > 0.98
