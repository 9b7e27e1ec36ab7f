"""The statistics of the report: random search, Pareto front, effects of options, the policy."""

import numpy as np
import pytest

from nas_env.report._chance import best_by_chance
from nas_env.report._effects import effects, welch
from nas_env.report._pareto import front
from nas_env.report._policy import policy, windows


def test_another_random_search_is_within_the_interval_as_often_as_it_says():
    rng, count = np.random.default_rng(0), np.array([1, 20, 200])
    below, above, half = np.zeros(3), np.zeros(3), np.zeros(3)
    for _ in range(2_000):
        found = best_by_chance(rng.normal(size=200), count, maximise=True)
        others = np.array([rng.normal(size=k).max() for k in count])
        below += others < found.worse
        above += others > found.better
        half += others <= found.middle
    assert below / 2_000 == pytest.approx([0.025] * 3, abs=0.01)
    assert half / 2_000 == pytest.approx([0.5] * 3, abs=0.04)
    assert above[0] / 2_000 == pytest.approx(0.025, abs=0.01)
    assert above[2] / 2_000 == pytest.approx(0.5, abs=0.04)  # its end is the best of the control


def test_a_metric_that_is_minimised_is_the_mirror_image():
    values, count = np.array([3.0, 1.0, np.nan, 2.0, 5.0]), np.array([1, 2, 5])
    up, down = best_by_chance(-values, count, True), best_by_chance(values, count, False)
    for one, other in zip(up[1:], down[1:], strict=True):
        np.testing.assert_array_equal(one, -other)


def test_where_most_children_fail_the_interval_begins_late():
    values = np.array([np.nan] * 9 + [0.5])
    found = best_by_chance(values, np.array([1, 10, 400]), maximise=True)
    assert np.isnan(found.middle[0]) and np.isnan(found.worse[1])
    assert found.middle[1:].tolist() == [0.5, 0.5] and found.worse[2] == 0.5
    assert np.isnan(best_by_chance(values[:9], np.array([5]), True).better).all()


def test_no_network_is_better_than_one_of_the_front_and_at_most_as_large():
    rng = np.random.default_rng(0)
    cost, value = rng.integers(1, 30, 200).astype(float), rng.normal(size=200)
    cost[5], value[6] = np.nan, np.nan
    kept = front(cost, value, maximise=True)
    for place in set(range(200)) - {5, 6}:
        beaten = (cost <= cost[place]) & (value >= value[place])
        beaten[place] = False
        assert (place in kept) == (not beaten.any())
    assert front(cost, -value, maximise=False) == kept
    assert front(np.full(3, np.nan), np.ones(3), True) == []


def test_an_effect_is_found_and_its_interval_holds_the_truth():
    rng, held = np.random.default_rng(0), 0
    for _ in range(200):
        tokens = rng.integers(0, 3, (60, 2))
        values = 0.5 * (tokens[:, 0] == 2) + rng.normal(size=60)
        found = {(each.decision, each.option): each for each in effects(tokens.tolist(), values)}
        held += found[0, 2].low < 0.5 < found[0, 2].high
    assert 180 <= held <= 199  # of 200, at 95%


def test_welch_is_scipys():
    from scipy.stats import ttest_ind

    rng = np.random.default_rng(0)
    first, second = rng.normal(size=12), rng.normal(1, 3, size=30)
    interval = ttest_ind(first, second, equal_var=False).confidence_interval()
    difference, half = welch(first, second)
    assert (difference - half, difference + half) == pytest.approx((interval.low, interval.high))


def test_an_option_that_all_or_one_network_has_has_no_effect():
    assert effects([[0], [0], [0]], np.array([1.0, 2.0, 3.0])) == []
    assert effects([[0], [0], [0], [1], [1]], np.arange(5.0)) == []
    assert effects([], np.array([])) == []
    assert effects([[0], [1]], np.full(2, np.nan)) == []


def test_shorter_sequences_leave_later_decisions_out():
    tokens = [[0], [0, 0], [0, 0], [1, 0], [1, 1], [1, 1], [0, 1]]
    found = effects(tokens, np.arange(7.0))
    assert [(each.decision, each.networks) for each in found] == [(0, 4), (0, 3), (1, 3), (1, 3)]
    shown = policy([[0]] * 10 + [[0, 1]] * 10, [2, 2])
    assert np.isnan(shown.shares[1, :, 0]).all() and shown.shares[1, 1, 1] == 1


def test_the_policy_of_a_uniform_choice_has_the_entropy_1():
    tokens = [[first, second] for first in range(2) for second in range(4)] * 30
    found = policy(tokens, [2, 4])
    assert found.entropy == pytest.approx(np.ones(len(found.ends)), abs=0.03)
    assert np.isnan(found.shares[0, 2:]).all()  # it has two options
    assert policy([[0, 1]] * 50, [2, 4]).entropy.tolist() == [0] * 5


def test_windows_cover_all_children():
    assert windows(0).tolist() == [] and windows(1).tolist() == [1]
    assert len(windows(5000)) == 24 and windows(5000)[-1] == 5000
    assert policy([], [2]).entropy.tolist() == []


def test_the_best_tenth_tells_what_good_networks_share():
    tokens, values = [[number % 2] for number in range(40)], np.arange(40.0)
    values[1::2] += 100
    up = {each.option: each for each in effects(tokens, values)}
    assert (up[1].share, up[1].best_share, up[0].best_share) == (0.5, 1, 0)
    down = {each.option: each for each in effects(tokens, values, maximise=False)}
    assert (down[1].best_share, down[0].best_share) == (0, 1)
