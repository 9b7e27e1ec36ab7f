"""The contract of a search space: its decisions, the masks of open options, sampling."""

from __future__ import annotations

import json
import math

import numpy as np

from nas_env.testing._broken import expect, expect_refusal
from nas_env.testing._sampled import Sampled
from search_spaces import InvalidTokens, InvalidValue


def decisions_are_well_formed(sampled: Sampled) -> None:
    """Names are different, options are different JSON values, and skip decisions have sources."""
    space, where = sampled.space, sampled.method("_decide")
    names = [decision.name for decision in space.decisions]
    expect(names, where, "at least one decision", "none")
    expect(len(set(names)) == len(names), where, "a different name for each decision", names)
    expect(space.length() == len(names), sampled.method("length"), f"{len(names)}", space.length())
    for d in space.decisions:
        expect(type(d.options) is tuple, where, f"a tuple of options of {d.name!r}", d.options)
        different = len(set(d.options)) == len(d.options) > 1
        expect(different, where, f"two or more different options of {d.name!r}", d.options)
        plain = json.loads(json.dumps(d.options))
        expect(plain == list(d.options), where, f"options of {d.name!r} that are JSON", d.options)
        if d.source is not None:
            earlier = d.layer is not None and 1 <= d.source < d.layer
            expect(earlier, where, f"a source of {d.name!r} before its layer {d.layer}", d.source)
            skip = d.group is not None and len(d.options) == 2
            expect(skip, where, f"a group and two options of the skip decision {d.name!r}", d)


def decisions_of_a_kind_belong_together(sampled: Sampled) -> None:
    """Decisions of a kind have as many options; those of a group follow each other."""
    space, where = sampled.space, sampled.method("_decide")
    counts: dict[str, int] = {}
    groups: dict[str, list[int]] = {}
    for index, d in enumerate(space.decisions):
        same = counts.setdefault(d.kind, len(d.options))
        expected = f"{same} options of {d.name!r}, as other decisions of kind {d.kind!r} have"
        expect(same == len(d.options), where, expected, len(d.options))
        if d.group is not None:
            groups.setdefault(d.group, []).append(index)
    for name, members in groups.items():
        together = members == list(range(members[0], members[-1] + 1))
        expect(together, where, f"decisions of group {name!r} one after the other", members)
        layers = {space.decisions[i].layer for i in members}
        expect(len(layers) == 1, where, f"one layer of all decisions of group {name!r}", layers)
    numbers = [d.layer for d in space.decisions if d.layer is not None]
    expect(numbers == sorted(numbers), where, "layers in order", numbers)


def size_counts_the_sequences(sampled: Sampled) -> None:
    """The size of a space in which no choice closes others is the product of its options."""
    space = sampled.space
    product = math.prod(len(d.options) for d in space.decisions)
    if space.masks_are_static:
        expect(space.size == product, sampled.method("size"), f"{product}", space.size)


def depth_can_be_chosen_where_there_is_one(sampled: Sampled) -> None:
    """Fewer layers are fewer decisions; a space without depth refuses them."""
    space, length, depth = sampled.space, sampled.method("length"), sampled.space.depth
    for bad in (1,) if depth is None else (0, depth + 1):
        expect_refusal(lambda n=bad: space.length(n), InvalidValue, length, f"layers={bad}")
    if depth is None:
        return
    whole = space.length(depth) == space.length()
    expect(whole, length, f"that of an episode at the depth, {depth} layers", space.length(depth))
    for layers in {1, depth}:
        tokens = space.sample(sampled.rng(), layers)
        as_long = len(tokens) == space.length(layers) <= space.length()
        expect(as_long, length, f"the decisions of {layers} layers", len(tokens))
        back = space.encode(space.decode(tokens))
        expect(back == tokens, sampled.method("encode"), f"{tokens} of {layers} layers", back)


def one_seed_gives_one_sample(sampled: Sampled) -> None:
    """Sampling depends on the generator alone, and gives plain integers."""
    space, where = sampled.space, sampled.method("sample")
    tokens = space.sample(sampled.rng())
    expect(tokens == space.sample(sampled.rng()), where, "the same tokens for the same seed")
    expect(len(tokens) == space.length(), where, f"{space.length()} tokens", len(tokens))
    expect(all(type(token) is int for token in tokens), where, "tokens of type int", tokens)
    expect(len(set(sampled.sequences)) > 1, where, "different tokens at each call", tokens)


def samples_are_about_uniform(sampled: Sampled) -> None:
    """The first decision of many samples takes each open option about as often."""
    space, where, count = sampled.space, sampled.method("sample_batch"), 2_000
    batch = space.sample_batch(sampled.rng(), count)
    expect(batch.dtype == np.int64, where, "int64", batch.dtype)
    shape = (count, space.length())
    expect(batch.shape == shape, where, f"the shape {shape}", batch.shape)
    options = list(space.open_options(()))
    found = np.bincount(batch[:, 0], minlength=space.max_options)
    expect(
        set(np.flatnonzero(found)) == set(options), where, f"first tokens of {options}", str(found)
    )
    mean = count / len(options)
    even = np.all(np.abs(found[options] - mean) < 6 * math.sqrt(mean))  # 6 deviations
    expect(even, where, f"each first token about {mean:.0f} times", found.tolist())


def samples_are_open(sampled: Sampled) -> None:
    """Each token of a sample is an open option of its prefix."""
    space = sampled.space
    for tokens in sampled.sequences:
        for index, token in enumerate(tokens):
            options = space.open_options(tokens[:index])
            expect(token in options, sampled.method("open_mask"), f"{token} among {options}")
        space.check_tokens(tokens)


def masks_of_a_batch_are_those_of_each_prefix(sampled: Sampled) -> None:
    """The masks of many prefixes at once are the open options of each."""
    space, where = sampled.space, sampled.method("open_mask")
    batch = space.sample_batch(sampled.rng(), 5)
    masks = space.open_masks(batch)
    expect(masks.shape == (*batch.shape, space.max_options), where, "a mask a token", masks.shape)
    for index in range(space.length()):
        mask = space.open_mask(batch[:, :index])
        expect(mask.dtype == bool, where, "bool", mask.dtype)
        expect(mask.any(axis=1).all(), where, "an open option in each row")
        same = np.array_equal(mask, masks[:, index])
        expect(same, sampled.method("open_masks"), f"the mask of decision {index}")
        within = not (mask & ~space.option_mask[index]).any()
        expect(within, where, f"no option that decision {index} has not")
        for row, tokens in zip(mask, batch.tolist(), strict=True):
            options = space.open_options(tokens[:index])
            found = tuple(np.flatnonzero(row))
            expect(found == options, where, f"{options} open in a batch as alone", found)


def masks_are_fresh(sampled: Sampled) -> None:
    """A caller may write into a mask."""
    space, batch = sampled.space, sampled.space.sample_batch(sampled.rng(), 2)
    for index in range(space.length()):
        kept = space.open_mask(batch[:, :index]).copy()
        space.open_mask(batch[:, :index])[:] = False
        fresh = np.array_equal(space.open_mask(batch[:, :index]), kept)
        expect(fresh, sampled.method("open_mask"), "a fresh array at each call", "a shared one")


def bad_tokens_are_refused(sampled: Sampled) -> None:
    """Tokens that are no options, or too many or too few, get a typed error of one line."""
    space, good = sampled.space, sampled.sequences[0]
    decode, options = sampled.method("decode"), sampled.method("open_options")
    bad = ((*good[:-1], -1), (*good[:-1], space.max_options), (*good, 0), good[:0])
    for tokens in bad:
        expect_refusal(lambda t=tokens: space.decode(t), InvalidTokens, decode, f"{tokens}")
    for tokens in (good, (space.max_options,)):
        expect_refusal(lambda t=tokens: space.open_options(t), InvalidTokens, options, f"{tokens}")


CHECKS = (
    decisions_are_well_formed,
    decisions_of_a_kind_belong_together,
    size_counts_the_sequences,
    masks_of_a_batch_are_those_of_each_prefix,
    masks_are_fresh,
    samples_are_open,
    samples_are_about_uniform,
    one_seed_gives_one_sample,
    depth_can_be_chosen_where_there_is_one,
    bad_tokens_are_refused,
)
