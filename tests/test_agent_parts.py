"""What agents are made of: changes of sequences, a memory of what was played, tables of logits."""

from itertools import product

import numpy as np
import pytest

from agents._gradient.logits import Logits
from agents._repeats import Memory
from agents._sequences import fitted, moved, moves, mutated, repaired
from search_spaces import make_space
from tests._toys import Rising, Words


# -- sequences -----------------------------------------------------------------------------------
def test_a_mutation_changes_exactly_one_decision_uniformly():
    space, rng, tokens = Words(options=4), np.random.default_rng(0), np.arange(8) % 4
    mutants = np.array([mutated(space, tokens, rng) for _ in range(4_800)])
    assert ((mutants != tokens).sum(axis=1) == 1).all()
    _, counts = np.unique(mutants, axis=0, return_counts=True)
    assert len(counts) == 24 and ((counts - 200) ** 2 / 200).sum() < 23 + 4 * 46**0.5


def test_what_a_mutation_closes_is_chosen_anew():
    space, rng = Rising(layers=3, options=4), np.random.default_rng(0)
    for _ in range(300):
        tokens = space.sample_batch(rng, 1)[0]
        mutant = mutated(space, tokens, rng)
        space.check_tokens(mutant)
        first = np.flatnonzero(mutant != tokens)[0]
        later = np.maximum.accumulate(mutant[first:])
        kept = tokens[first + 1 :] >= later[:-1]  # open after the change and its repairs
        assert (mutant[first + 1 :][kept] == tokens[first + 1 :][kept]).all()


def test_a_space_without_a_choice_is_left_as_it_is():
    space, rng = Words(layers=1, options=1), np.random.default_rng(0)
    assert mutated(space, np.zeros(2, dtype=np.int64), rng).tolist() == [0, 0]


def test_the_moves_are_all_neighbours():
    space, rng = Rising(layers=2, options=3), np.random.default_rng(0)
    for tokens in product(range(3), repeat=4):
        if list(tokens) != sorted(tokens):
            continue
        row = np.array(tokens)
        expected = [
            [index, option]
            for index in range(4)
            for option in space.open_options(tokens[:index])
            if option != tokens[index]
        ]
        assert moves(space, row).tolist() == expected
        for move in moves(space, row):
            neighbour = moved(space, row, move, rng)
            space.check_tokens(neighbour)
            assert neighbour[move[0]] == move[1]
            assert (neighbour[: move[0]] == row[: move[0]]).all()


def test_a_sequence_is_cut_or_continued():
    space, rng = Rising(), np.random.default_rng(0)
    deep, shallow = np.array([0, 1, 1, 2, 2, 2, 2, 2]), np.array([0, 1, 2, 2])
    assert fitted(space, deep, shallow, rng).tolist() == [0, 1, 1, 2]
    longer = fitted(space, shallow, np.zeros(8, dtype=np.int64), rng)
    assert longer.tolist() == [0, 1, 2, 2, 2, 2, 2, 2]


def test_an_open_sequence_needs_no_repair():
    space, rng = Rising(), np.random.default_rng(0)
    tokens = space.sample_batch(rng, 20)
    assert np.array_equal(repaired(space, tokens, rng), tokens)


def test_a_memory_goes_on_in_another_process():
    space = Words()
    memory, other = Memory(space), Memory(space)
    rows = space.sample_batch(np.random.default_rng(0), 50)
    assert [memory.add(row) for row in rows[:2]] == [True, True] and not memory.add(rows[0])
    other.load_state(memory.state())
    assert rows[1] in other and rows[2] not in other
    assert memory.mark([0] * 8) == 5_529_812_283_201_423_348  # no salt of this process in it


# -- tables of logits ----------------------------------------------------------------------------
TABLES = {
    "independent": (Words(layers=1, per_layer=3), None),
    "autoregressive": (Words(layers=1, per_layer=3), 0.7),
    "independent, closing": (Rising(layers=1, per_layer=3), None),
    "autoregressive, closing": (Rising(layers=1, per_layer=3), 0.7),
}


@pytest.fixture(params=TABLES.values(), ids=TABLES)
def table(request):
    """Far from uniform; every sequence of its space beside it."""
    space, weights_rate = request.param
    policy = Logits(space, np.random.default_rng(0), 1.0, weights_rate)
    rng = np.random.default_rng(1)
    policy.b += rng.normal(size=policy.b.shape)
    policy.w += rng.normal(size=policy.w.shape) * policy.later[: len(policy.w), None, :, None]
    sequences = [()]
    for _ in range(3):
        sequences = [(*s, token) for s in sequences for token in space.open_options(s)]
    return policy, np.array(sequences)


def chances(policy, sequences):
    return np.exp(policy.evaluate(sequences).taken(sequences).sum(axis=1))


def test_a_table_is_the_formula(table):
    policy, sequences = table
    assert chances(policy, sequences).sum() == pytest.approx(1)
    found = policy.evaluate(sequences)
    for row, tokens in enumerate(sequences):
        for d in range(3):
            logits = policy.b[d] + sum(
                (policy.w[j, tokens[j], d] for j in range(d) if len(policy.w)), np.zeros(3)
            )
            options = list(policy.space.open_options(tokens[:d]))
            expected = np.zeros(3)
            expected[options] = np.exp(logits[options]) / np.exp(logits[options]).sum()
            assert found.chances[row, d] == pytest.approx(expected)
            entropy = -sum(p * np.log(p) for p in expected if p)
            assert found.entropies[row, d] == pytest.approx(entropy)


def test_frequencies_are_the_probabilities(table):
    policy, sequences = table
    sampled = policy.sample(20_000, 3)
    number = {tuple(s): n for n, s in enumerate(sequences.tolist())}
    found = np.bincount([number[tuple(s)] for s in sampled.tolist()], minlength=len(sequences))
    expected = 20_000 * chances(policy, sequences)
    chi_squared = ((found - expected) ** 2 / expected).sum()
    freedom = len(sequences) - 1
    assert chi_squared < freedom + 4 * (2 * freedom) ** 0.5


@pytest.mark.parametrize("entropy", [0.0, 0.3])
def test_a_tables_step_is_up_finite_differences(table, entropy):
    """Of the mean of weight · log-probability + entropy · H, by every parameter."""
    policy, sequences = table
    rng = np.random.default_rng(2)
    tokens = sequences[rng.integers(len(sequences), size=4)]
    weights = rng.normal(size=4)

    def objective():
        found = policy.evaluate(tokens)
        spread = found.entropies.sum(axis=1)
        return (weights * found.taken(tokens).sum(axis=1) + entropy * spread).mean()

    slopes = []
    tables = [policy.b, policy.w] if len(policy.w) else [policy.b]
    for values in tables:
        slope = np.zeros_like(values)
        for place in np.ndindex(values.shape):
            kept, both = values[place], []
            for step in (1e-5, -1e-5):
                values[place] = kept + step
                both.append(objective())
            values[place] = kept
            slope[place] = (both[0] - both[1]) / 2e-5
        slopes.append(slope)
    if len(policy.w):  # W of decisions that come before changes nothing and stays zero
        slopes[1] *= policy.later[:, None, :, None]
    before = [values.copy() for values in tables]
    policy.ascend(tokens, weights, entropy)
    rates = (1.0, policy.weights_learning_rate)
    for values, old, slope, rate in zip(tables, before, slopes, rates, strict=False):
        assert values - old == pytest.approx(rate * slope, abs=1e-8)


def test_reinforce_is_the_gradient_of_the_expected_reward(table):
    """Over all sequences, each weighing as likely as it is; a constant baseline changes nothing."""
    policy, sequences = table
    rewards, p = np.random.default_rng(3).random(len(sequences)), chances(*table)
    before, expected = policy.b.copy(), np.zeros_like(policy.b)
    for place in np.ndindex(expected.shape):
        both = []
        for step in (1e-5, -1e-5):
            policy.b[place] += step
            both.append(chances(policy, sequences) @ rewards)
            policy.b[place] = before[place]
        expected[place] = (both[0] - both[1]) / 2e-5
    policy.ascend(sequences, len(sequences) * p * (rewards - 0.7), 0.0)
    assert policy.b - before == pytest.approx(expected, abs=1e-8)


def test_extreme_logits_stay_finite():
    policy = Logits(Words(), np.random.default_rng(0), 1.0, 1.0)
    policy.b[:, 0] = 1e4
    tokens = policy.sample(5, 8)
    log = policy.ascend(np.ones_like(tokens), np.ones(5), 0.1)
    assert (tokens == 0).all() and np.isfinite([*log.values(), *policy.b.flat]).all()


def test_independent_decisions_are_sampled_at_once_as_one_after_the_other():
    space = make_space({"name": "choices", "options": [3, 2, 5]})
    at_once, in_turn = (Logits(space, np.random.default_rng(3), 1.0, w) for w in (None, 1.0))
    at_once.b[:] = in_turn.b[:] = np.random.default_rng(4).normal(size=at_once.b.shape)
    for count in (1, 50):
        assert at_once.sample(count, 3).tolist() == in_turn.sample(count, 3).tolist()
