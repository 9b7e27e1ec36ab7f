"""What every search space keeps, those that ship and those of the registered environments."""

import gymnasium
import pytest

import nas_env
from nas_env.tasks import TrainingTask
from nas_env.testing import SPACE_CHECKS, check_space
from nas_env.testing._sampled import Sampled
from search_spaces import InvalidValue, make_space, space_names
from search_spaces.choices import ChoicesSpace
from search_spaces.convolutional import ConvolutionalArchitecture, ConvolutionalSpace
from tests._faults import expect_broken
from tests._needed import task_of


def cases():
    """Each different space, by a name to read, with the task's input shape and outputs."""
    found = {}
    for id in nas_env.environment_ids():
        env = gymnasium.make(id, task=task_of(id))
        task = env.unwrapped.problem.task
        if isinstance(task, TrainingTask):
            found.setdefault(env.unwrapped.search_space, (id, task.input_shape, task.outputs))
        env.close()
    shapes = {space.name: sizes for space, (_, *sizes) in found.items()}
    for name in space_names():
        found.setdefault(make_space(name), (name, *shapes.get(name, ((3, 8, 8), 10))))
    return {name: Sampled(space, *sizes) for space, (name, *sizes) in found.items()}


CASES = cases()


@pytest.mark.parametrize("check", SPACE_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("case", CASES)
def test_every_space_keeps_its_contract(case, check):
    check(CASES[case])


def test_a_space_without_networks_builds_none():
    space = ChoicesSpace()
    for build in (space.build, space.cost):
        with pytest.raises(InvalidValue, match="space choices describes no networks"):
            build(space.decode([0] * 8), (3, 8, 8), 10)


# -- the checks themselves: each fault is found, and its method named ----------------------------
class OneForTwo(ConvolutionalSpace):
    def encode(self, architecture):
        return (0,) * len(super().encode(architecture))


class ClosedTwice(ConvolutionalSpace):
    def open_mask(self, tokens):
        mask = super().open_mask(tokens)
        mask[1:, 0] = False  # in a batch, but not alone
        return mask


class NoDepth(ConvolutionalSpace):
    depth = None


class TwoKinds(ConvolutionalSpace):
    def _decide(self):
        for decision in super()._decide():
            yield decision.__class__(decision.name, "one", decision.options, decision.layer)


class Trusting(ConvolutionalSpace):
    def parse(self, description):
        layers = description.get("layers", [])
        return super().parse(description) if layers else ConvolutionalArchitecture(())

    def encode(self, architecture):
        return super().encode(architecture) if architecture.layers else ()


class NoLogits(ConvolutionalSpace):
    def _build(self, architecture, input_shape, outputs):
        return super()._build(architecture, input_shape, outputs + 1)


class OtherSource(ConvolutionalSpace):
    def _write_source(self, *sizes):
        source = super()._write_source(*sizes)
        other = source.definitions.replace("self.classifier(", "-self.classifier(")
        return source._replace(definitions=other)


class Wordless(ConvolutionalSpace):
    def graph(self, architecture):
        return [][0]


class OtherBoxes(ConvolutionalSpace):
    def sized_graph(self, architecture, input_shape, outputs):
        return super().sized_graph(architecture, input_shape, outputs)[1:]


class Wider(ConvolutionalSpace):
    def widened(self, architecture, add, scale):
        return self, super().widened(architecture, add, scale)[1]


FAULTS = {
    OneForTwo: "OneForTwo.encode: expected ",
    ClosedTwice: "ClosedTwice.open_mask: expected ",
    NoDepth: "NoDepth.length: expected InvalidValue for layers=1",
    TwoKinds: "TwoKinds._decide: expected 2 options of .*, as other decisions of kind 'one' have",
    Trusting: "Trusting.parse: expected InvalidArchitecture for the text {}, got the answer",
    Wider: r"Wider, wider_networks_are_of_the_wider_space .* got InvalidArchitecture: layer 1",
    Wordless: r"Wordless, graphs_are_in_order \(The parents of a box stand before it\): expected "
    "no error, got IndexError: list index out of range",
    OtherBoxes: "OtherBoxes.sized_graph: expected ",
    OtherSource: "OtherSource._write_source: expected the outputs of the child, got others",
    NoLogits: r"NoLogits._build: expected logits of shape \(2, 10\), got \(2, 11\)",
}


@pytest.mark.parametrize("space", FAULTS, ids=lambda space: space.__name__)
def test_a_fault_is_found_and_its_method_named(space):
    expect_broken(
        FAULTS[space], check_space, space(layers=2, filters=(2, 3, 4), filter_sizes=(1, 3))
    )


def test_a_space_is_checked_by_its_name():
    check_space({"name": "tests.outside_space:TowerSpace"}, (1, 4, 4), 3)
