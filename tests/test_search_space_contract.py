"""What every search space keeps, those that ship and those of the registered environments."""

import json
import math
import pickle

import gymnasium
import numpy as np
import pytest
import torch

import nas_env
from nas_env.tasks import TrainingTask
from search_spaces import InvalidTokens, InvalidValue, make_space, space_names


def cases():
    """Each different space, by a name to read, with the task's input shape and outputs."""
    found = {}
    for id in nas_env.environment_ids():
        env = gymnasium.make(id)
        task = env.unwrapped.problem.task
        if isinstance(task, TrainingTask):
            found.setdefault(env.unwrapped.search_space, (id, task.input_shape, task.outputs))
        env.close()
    shapes = {space.name: sizes for space, (_, *sizes) in found.items()}
    for name in space_names():
        found.setdefault(make_space(name), (name, *shapes.get(name, ((3, 8, 8), 10))))
    return [pytest.param(space, *sizes, id=name) for space, (name, *sizes) in found.items()]


CASES = cases()
every_space = pytest.mark.parametrize("space", [pytest.param(c.values[0], id=c.id) for c in CASES])
every_space_with_sizes = pytest.mark.parametrize("space, input_shape, outputs", CASES)


def rng():
    return np.random.default_rng(7)


def samples(space, count=20):
    return [tuple(row) for row in space.sample_batch(rng(), count).tolist()]


@every_space
def test_decisions_are_well_formed(space):
    decisions = space.decisions
    names = [d.name for d in decisions]
    assert len(set(names)) == len(names) == space.length() > 0
    assert space.max_options == max(len(d.options) for d in decisions)
    for decision in decisions:
        assert isinstance(decision.options, tuple) and len(decision.options) > 1
        assert len(set(decision.options)) == len(decision.options)
        assert json.loads(json.dumps(decision.options)) == list(decision.options)
        if decision.source is not None:
            assert 1 <= decision.source < decision.layer
            assert decision.group is not None and len(decision.options) == 2


@every_space
def test_decisions_of_a_kind_or_group_belong_together(space):
    """A kind shares the controller's head; a layer's decisions are taken one after the other."""
    counts, groups = {}, {}
    for index, decision in enumerate(space.decisions):
        assert counts.setdefault(decision.kind, len(decision.options)) == len(decision.options)
        if decision.group is not None:
            groups.setdefault(decision.group, []).append(index)
    for members in groups.values():
        assert members == list(range(members[0], members[-1] + 1))
        assert len({space.decisions[i].layer for i in members}) == 1
    layers = [d.layer for d in space.decisions if d.layer is not None]
    assert layers == sorted(layers)


@every_space
def test_samples_are_open_and_go_to_architectures_and_back(space):
    for tokens in samples(space):
        for index, token in enumerate(tokens):
            assert token in space.open_options(tokens[:index])
        space.check_tokens(tokens)
        architecture = space.decode(tokens)
        assert space.decode(space.encode(architecture)) == architecture


@every_space
def test_one_seed_gives_one_sample(space):
    tokens = space.sample(rng())
    assert tokens == space.sample(rng()) and len(tokens) == space.length()
    assert all(type(token) is int for token in tokens)
    assert len(set(samples(space))) > 1


@every_space
def test_samples_are_about_uniform_over_the_open_options(space):
    batch = space.sample_batch(rng(), 2_000)
    assert batch.dtype == np.int64 and batch.shape == (2_000, space.length())
    first = np.bincount(batch[:, 0], minlength=space.max_options)
    options = space.open_options(())
    assert set(np.flatnonzero(first)) == set(options)
    expected = 2_000 / len(options)
    assert np.all(np.abs(first[list(options)] - expected) < 6 * math.sqrt(expected))


@every_space
def test_shallower_episodes_where_there_is_a_depth(space):
    if space.depth is None:
        with pytest.raises(InvalidValue, match="no depth"):
            space.length(1)
        return
    assert space.length(1) < space.length() == space.length(space.depth)
    for bad in (0, space.depth + 1):
        with pytest.raises(InvalidValue):
            space.length(bad)
    tokens = space.sample(rng(), layers=1)
    assert len(tokens) == space.length(1)
    architecture = space.decode(tokens)
    assert space.encode(architecture) == tokens


@every_space
def test_a_batch_of_masks_is_that_of_each_prefix(space):
    batch = space.sample_batch(rng(), 5)
    masks = space.open_masks(batch)
    assert masks.shape == (*batch.shape, space.max_options) and masks.dtype == bool
    assert np.take_along_axis(masks, batch[:, :, None], axis=2).all()
    for index in range(space.length()):
        mask = space.open_mask(batch[:, :index])
        assert mask.dtype == bool and np.array_equal(mask, masks[:, index])
        assert not (mask & ~space.option_mask[index]).any()
        for row, tokens in zip(mask, batch.tolist(), strict=True):
            assert tuple(np.flatnonzero(row)) == space.open_options(tokens[:index])


@every_space
def test_masks_are_fresh(space):
    batch = space.sample_batch(rng(), 2)
    for index in range(space.length()):
        kept = space.open_mask(batch[:, :index]).copy()
        space.open_mask(batch[:, :index])[:] = False
        assert np.array_equal(space.open_mask(batch[:, :index]), kept)


@every_space
def test_size_counts_the_sequences(space):
    if not space.masks_are_static:
        pytest.skip("choices close options: the size is the space's own affair")
    assert space.size == math.prod(len(d.options) for d in space.decisions)


@every_space
def test_json_there_and_back(space):
    for tokens in samples(space):
        architecture = space.decode(tokens)
        text = architecture.to_json()
        assert space.from_json(text) == architecture
        assert json.loads(text) == architecture.to_dict()
        assert space.parse(architecture.to_dict()) == architecture


@every_space
def test_canonical_form_is_canonical(space):
    for tokens in samples(space):
        canonical = space.decode(tokens).canonical()
        assert canonical.canonical() == canonical
        assert space.parse(canonical.to_dict()) == canonical


@every_space
def test_architectures_are_values(space):
    tokens = samples(space)[0]
    one, same = space.decode(tokens), space.decode(tokens)
    assert one == same and hash(one) == hash(same)
    assert pickle.loads(pickle.dumps(one)) == one
    assert len({space.decode(t) for t in samples(space)}) > 1


@every_space
def test_spaces_are_values(space):
    again = make_space(json.loads(json.dumps(space.spec)))
    assert again == space and hash(again) == hash(space) and again.spec == space.spec
    assert again.decisions == space.decisions
    assert pickle.loads(pickle.dumps(space)) == space
    assert space.name == space.construction["name"]
    assert space.construction.items() <= space.spec.items()


@every_space_with_sizes
def test_children_give_finite_logits_and_cost_what_was_said(space, input_shape, outputs):
    if not space.buildable:
        pytest.skip("this space describes no networks")
    for tokens in samples(space, 2):
        architecture = space.decode(tokens)
        child = space.build(architecture, input_shape, outputs).eval()
        cost = space.cost(architecture, input_shape, outputs)
        assert cost.parameters == sum(p.numel() for p in child.parameters()) > 0
        assert cost.flops > 0
        with torch.no_grad():
            logits = space.try_out(child, input_shape, 2, "cpu")
        assert logits.shape == (2, outputs) and logits.isfinite().all()


@every_space_with_sizes
def test_one_seed_gives_one_child(space, input_shape, outputs):
    if not space.buildable:
        pytest.skip("this space describes no networks")
    architecture = space.decode(samples(space)[0])
    weights = []
    for _ in range(2):
        torch.manual_seed(3)
        weights.append(space.build(architecture, input_shape, outputs).state_dict())
    assert weights[0].keys() == weights[1].keys()
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


@every_space_with_sizes
def test_a_space_without_networks_builds_none(space, input_shape, outputs):
    if space.buildable:
        pytest.skip("this space describes networks")
    for build in (space.build, space.cost):
        with pytest.raises(InvalidValue, match=f"space {space.name} describes no networks"):
            build(space.decode(samples(space)[0]), input_shape, outputs)


@every_space
def test_graph_is_in_order(space):
    for tokens in samples(space):
        vertices = space.graph(space.decode(tokens))
        for index, vertex in enumerate(vertices):
            assert all(0 <= parent < index for parent in vertex.parents)


@every_space
def test_every_prefix_describes_something(space):
    for tokens in samples(space, 2):
        longest = 0
        for length in range(len(tokens) + 1):
            architecture, used = space.decode_prefix(tokens[:length])
            assert longest <= used <= length
            longest = used
            if architecture is None:
                assert used == 0
            else:
                assert architecture == space.decode(tokens[:used])
                space.graph(architecture)
        assert used == len(tokens)


@every_space
def test_bad_tokens_are_refused(space):
    good = samples(space)[0]
    for bad in ((*good[:-1], -1), (*good[:-1], space.max_options), (*good, 0)):
        with pytest.raises(InvalidTokens):
            space.decode(bad)
    with pytest.raises(InvalidTokens):
        space.open_options(good)
    with pytest.raises(InvalidTokens):
        space.open_options((space.max_options,))
