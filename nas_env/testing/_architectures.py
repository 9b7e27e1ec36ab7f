"""The contract of a search space: architectures, their JSON, their children and drawings."""

from __future__ import annotations

import json
import pickle
from typing import Any

import torch
from torch.nn.parameter import UninitializedParameter

from nas_env.handover._checks import tensors
from nas_env.handover._network_file import network_file
from nas_env.testing._broken import expect, expect_refusal
from nas_env.testing._sampled import Sampled
from search_spaces import InvalidArchitecture, InvalidValue, make_space


def tokens_go_to_architectures_and_back(sampled: Sampled) -> None:
    """The tokens of an architecture are decoded to the same architecture."""
    space = sampled.space
    for tokens in sampled.sequences:
        architecture = space.decode(tokens)
        again = space.decode(space.encode(architecture))
        expect(again == architecture, sampled.method("encode"), f"{architecture} again", again)


def architectures_go_to_json_and_back(sampled: Sampled) -> None:
    """The JSON of an architecture is read as the same architecture; other JSON is refused."""
    space = sampled.space
    for tokens in sampled.sequences:
        architecture = space.decode(tokens)
        described, name = architecture.to_dict(), type(architecture).__name__
        text = json.loads(architecture.to_json())
        expect(text == described, f"{name}.to_dict", "plain JSON values", described)
        parsed = space.parse(described)
        expect(parsed == architecture, sampled.method("parse"), f"{architecture} again", parsed)
        read = space.from_json(architecture.to_json())
        expect(read == architecture, sampled.method("from_json"), f"{architecture} again", read)
    for bad in ("[]", "{}", '{"space": "of another"}', "no JSON", "NaN"):
        read_bad = lambda text=bad: space.from_json(text)  # noqa: E731
        expect_refusal(read_bad, InvalidArchitecture, sampled.method("parse"), f"the text {bad}")


def canonical_forms_are_canonical(sampled: Sampled) -> None:
    """A canonical form is its own canonical form, and is described as any architecture."""
    space = sampled.space
    for tokens in sampled.sequences:
        architecture = space.decode(tokens)
        canonical, where = architecture.canonical(), f"{type(architecture).__name__}.canonical"
        again = canonical.canonical()
        expect(again == canonical, where, "itself of a canonical form", again)
        parsed = space.parse(canonical.to_dict())
        expect(parsed == canonical, sampled.method("parse"), f"{canonical} again", parsed)


def architectures_are_values(sampled: Sampled) -> None:
    """Equal tokens are equal architectures, hashable and pickled; different ones differ."""
    space, tokens = sampled.space, sampled.sequences[0]
    one, same = space.decode(tokens), space.decode(tokens)
    name = type(one).__name__
    expect(one == same, f"{name}.__eq__", "equal architectures of equal tokens", same)
    expect(hash(one) == hash(same), f"{name}.__hash__", "equal hashes of equal architectures")
    expect(pickle.loads(pickle.dumps(one)) == one, name, "the same architecture once pickled")
    different = {space.decode(tokens) for tokens in sampled.sequences}
    expect(len(different) > 1, f"{name}.__eq__", "different architectures of other tokens")


def spaces_are_values(sampled: Sampled) -> None:
    """A space is made again from its spec, and is equal to it."""
    space = sampled.space
    again = make_space(json.loads(json.dumps(space.spec)))
    expect(again == space, sampled.method("spec"), f"a spec that makes {space}", again)
    expect(hash(again) == hash(space), sampled.method("__hash__"), "equal hashes of equal spaces")
    expect(again.decisions == space.decisions, sampled.method("_decide"), "equal decisions")
    expect(pickle.loads(pickle.dumps(space)) == space, sampled.method("spec"), "a space to pickle")
    fields = sampled.method("construction_fields")
    known = space.construction.items() <= space.spec.items()
    expect(known, fields, "names of settings", space.construction_fields)


def children_give_logits_and_cost_what_was_said(sampled: Sampled) -> None:
    """A child gives finite logits, and has as many parameters as its cost says."""
    space, sizes = sampled.space, (sampled.input_shape, sampled.outputs)
    build = sampled.method("_build")
    if not space.buildable:
        architecture = space.decode(sampled.sequences[0])
        expect_refusal(lambda: space.build(architecture, *sizes), InvalidValue, build, "any")
        return
    for tokens in sampled.sequences[:2]:
        architecture = space.decode(tokens)
        child, cost = space.build(architecture, *sizes).eval(), space.cost(architecture, *sizes)
        modules = sampled.method("task_modules")
        there = set(space.task_modules) <= dict(child.named_children()).keys()
        expect(there, modules, "names of a child's modules", space.task_modules)
        lazy = any(isinstance(p, UninitializedParameter) for p in child.parameters())
        expect(not lazy, build, "a child whose parameters are all there", "lazy modules")
        parameters = sum(p.numel() for p in child.parameters())
        expect(parameters > 0 < cost.flops, build, "a child with parameters and FLOPs", cost)
        expect(cost.parameters == parameters, build, f"{cost.parameters} parameters", parameters)
        with torch.no_grad():
            logits = space.try_out(child, sampled.input_shape, 2, "cpu")
        shape = (2, sampled.outputs)
        expect(logits.shape == shape, build, f"logits of shape {shape}", tuple(logits.shape))
        expect(logits.isfinite().all(), build, "finite logits", logits)


def wider_networks_are_of_the_wider_space(sampled: Sampled) -> None:
    """A network with more filters is of its space, and has more parameters."""
    space, sizes = sampled.space, (sampled.input_shape, sampled.outputs)
    where, architecture = sampled.method("widened"), space.decode(sampled.sequences[0])
    try:
        wider, wide = space.widened(architecture, 2, 1.5)
    except InvalidValue:
        return
    decoded = wider.decode(wider.encode(wide))
    expect(decoded.canonical() == wide.canonical(), where, "a network of the space", decoded)
    few, many = space.cost(architecture, *sizes), wider.cost(wide, *sizes)
    expect(many.parameters > few.parameters, where, f"more than {few.parameters} parameters", many)
    same = space.widened(architecture, 0, 1.0) == (space, architecture)
    expect(same, where, "the same space and network where nothing is added")


def one_seed_gives_one_child(sampled: Sampled) -> None:
    """The weights of a child come from torch's random state alone."""
    space, where = sampled.space, sampled.method("_build")
    if not space.buildable:
        return
    architecture, weights = space.decode(sampled.sequences[0]), []
    for _ in range(2):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(3)
            child = space.build(architecture, sampled.input_shape, sampled.outputs)
        weights.append(child.state_dict())
    one, two = weights
    expect(one.keys() == two.keys(), where, "the same parts of two children of one architecture")
    same = all(torch.equal(one[name], two[name]) for name in one)
    expect(same, where, "the same weights from one seed", "others")


def source_builds_the_child(sampled: Sampled) -> None:
    """The source of a network, if the space writes any, computes what the child computes."""
    space, sizes = sampled.space, (sampled.input_shape, sampled.outputs)
    where = sampled.method("_write_source")
    if not (space.buildable and space.writes_source):
        return
    for tokens in sampled.sequences[:2]:
        architecture = space.decode(tokens)
        child, text = space.build(architecture, *sizes).eval(), space.source(architecture, *sizes)
        names: dict[str, Any] = {"__name__": "network", "__file__": "network.py"}
        exec(network_file(text, None), names)
        built, weights = names["Network"]().eval(), child.state_dict()
        same = list(built.state_dict()) == list(weights)
        expect(same, where, "the parameters of the child", list(built.state_dict()))
        built.load_state_dict(weights)
        inputs = space.examples(child, sampled.input_shape, 2)
        with torch.no_grad():
            pairs = zip(tensors(built(*inputs)), tensors(child(*inputs)), strict=True)
            agree = all(torch.allclose(one, other, atol=1e-6) for one, other in pairs)
        expect(agree, where, "the outputs of the child", "others")


def graphs_are_in_order(sampled: Sampled) -> None:
    """The parents of a box stand before it."""
    space = sampled.space
    for tokens in sampled.sequences:
        vertices = space.graph(space.decode(tokens))
        for index, vertex in enumerate(vertices):
            earlier = all(0 <= parent < index for parent in vertex.parents)
            expect(earlier, sampled.method("graph"), "parents before their box", vertex)


def drawings_of_one_network_agree(sampled: Sampled) -> None:
    """A drawing with sizes, or of all decisions of an episode, has the boxes of the plain one."""
    space = sampled.space
    for tokens in sampled.sequences[:2]:
        architecture = space.decode(tokens)
        plain = space.graph(architecture)
        where, prefix = sampled.method("graph_prefix"), space.graph_prefix(tokens)
        expect(prefix == (plain, len(tokens)), where, "the whole drawing at the end", prefix)
        if space.buildable:
            sized = space.sized_graph(architecture, sampled.input_shape, sampled.outputs)
            bare = tuple(vertex._replace(shape="", parameters=None) for vertex in sized)
            expect(bare == plain, sampled.method("sized_graph"), f"{plain}", bare)


def prefixes_describe_something(sampled: Sampled) -> None:
    """The longer a prefix, the longer the part of it that describes an architecture."""
    space, where = sampled.space, sampled.method("decode_prefix")
    for tokens in sampled.sequences[:2]:
        longest = 0
        for length in range(len(tokens) + 1):
            architecture, used = space.decode_prefix(tokens[:length])
            grows = longest <= used <= length
            expect(grows, where, f"{longest} to {length} used of {length} tokens", used)
            longest = used
            if architecture is None:
                expect(used == 0, where, "an architecture of the tokens used, or 0 used", used)
            else:
                whole = space.decode(tokens[:used])
                expect(architecture == whole, where, f"{whole}", architecture)
                space.graph(architecture)
        expect(longest == len(tokens), where, f"all {len(tokens)} tokens used", longest)


CHECKS = (
    tokens_go_to_architectures_and_back,
    architectures_go_to_json_and_back,
    canonical_forms_are_canonical,
    architectures_are_values,
    spaces_are_values,
    children_give_logits_and_cost_what_was_said,
    one_seed_gives_one_child,
    source_builds_the_child,
    graphs_are_in_order,
    drawings_of_one_network_agree,
    wider_networks_are_of_the_wider_space,
    prefixes_describe_something,
)
