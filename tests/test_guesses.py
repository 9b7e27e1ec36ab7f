"""What a member can do is a typed part of its protocol: the source guesses nothing.

``getattr`` and ``hasattr`` ask an object what it happens to have, and ``isinstance`` with a class
of a family asks which member it is. Where one of them is right, ``ALLOWED`` says why.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("search_spaces", "nas_env", "agents")
FILES = sorted(file for name in PACKAGES for file in (ROOT / name).rglob("*.py"))
FILES.append(ROOT / "train_agent.py")

#: Types of values that come from outside, as JSON, as arguments or as arrays.
PLAIN = {"str", "bool", "int", "float", "type", "list", "tuple", "dict", "Mapping", "Sequence"}
PLAIN |= {"Integral", "np.ndarray", "np.generic", "Tensor", "hint"}

FIELDS = "fields of a dataclass, by their names"
OWN = "a member tells which of its own classes it holds"
FOREIGN = "a space refuses an architecture that is not one of its own"
SB3 = "the protocol of Stable-Baselines3, which names attributes by texts"
RAISED = "errors of Python and Pillow tell what happened"
GIVEN = "an argument that may be given in two forms, or must not be given in another"
UNION = "one of two or three kinds of a union that stands in the same family"
MODULES = "modules of torch, by their class"
TRAINS = "the one place that tells whether children can be trained, for the type checker"
ALLOWED = {
    "agents._controller.controller:Controller.sample_at": OWN,
    "agents._controller.plan:Plan.__init__": OWN,
    "agents._sb3.base:StableBaselines.__init__": GIVEN,
    "agents._sb3.base:StableBaselines.state": SB3,
    "agents._sb3.vec_env_adapter:VecEnvAdapter.env_method": SB3,
    "agents._sb3.vec_env_adapter:VecEnvAdapter.get_attr": SB3,
    "agents.dqn:DQN.settings": FIELDS,
    "agents.dqn:_arrays": SB3,
    "nas_env.benchmark._submission:checked": FIELDS,
    "nas_env.command_line._evaluators:short_names": "the short options are those of workers",
    "nas_env.command_line._help:entries": FIELDS,
    "nas_env.command_line.arguments:Arguments.config": FIELDS,
    "nas_env.command_line.catalogues:_recipes": TRAINS,
    "nas_env.command_line.parsing:_checked": FIELDS,
    "nas_env.command_line.searching:_leave_report": RAISED,
    "nas_env.data.images._listing:_Look._reason": RAISED,
    "nas_env.data.images.decode:_check_header": "an image of Pillow may be of a kind with frames",
    "nas_env.data.images.decode:_reason": RAISED,
    "nas_env.data.images.reading:find": RAISED,
    "nas_env.data.text._files:check_file": RAISED,
    "nas_env.drawing._canvas:Canvas.add": UNION,
    "nas_env.drawing._files:vector": UNION,
    "nas_env.drawing._strip:_paint": UNION,
    "nas_env.drawing._svg:_group": UNION,
    "nas_env.drawing._svg:_style": UNION,
    "nas_env.env._interface:check_actions": GIVEN,
    "nas_env.evaluation._base:Evaluator._keep.done": "an interrupt is no error of a child",
    "nas_env.evaluation._data:training_task": TRAINS,
    "nas_env.evaluation._job:Job.recipe": TRAINS,
    "nas_env.evaluation._memory:ran_out_of_memory": "errors of torch and Python tell what happened",
    "nas_env.evaluation._worker:error_of": "an error that came as JSON, by the name of its class",
    "nas_env.handover.preprocessing:of_images": "the one place that tells images from texts",
    "nas_env.machine:cores": "a system may not have the function",
    "nas_env.objectives._base:Objective.spec": FIELDS,
    "nas_env.problem:Problem.__init__": GIVEN,
    "nas_env.report._layers:_parts": MODULES,
    "nas_env.run.store._file:File.refused": RAISED,
    "nas_env.run.store._server:Server._may_pass": "errors of psycopg tell what happened",
    "nas_env.tasks.function:AnyFunction._made": GIVEN,
    "nas_env.testing._architectures:children_give_logits_and_cost_what_was_said": GIVEN,
    "nas_env.testing.task:check_task": GIVEN,
    "nas_env.testing.task:the_data_is_what_it_says": TRAINS,
    "nas_env.testing.task:the_test_split_is_sealed": TRAINS,
    "nas_env.tracking._items:Artifact.checksums": GIVEN,
    "nas_env.tracking._items:Artifact.size": GIVEN,
    "nas_env.tracking._items:Table.markdown": UNION,
    "nas_env.tracking._items:Table.pictures": UNION,
    "nas_env.tracking.wandb:WeightsAndBiases.artifact": GIVEN,
    "nas_env.tracking.wandb:_shown": UNION,
    "nas_env.training.batch_norms:batch_norms": MODULES,
    "nas_env.training.fitting:fitted_layers": "modules of ours, by what they have to do",
    "nas_env.training.mapped:Pages.__init__": "numpy tells what lies below an array",
    "nas_env.training.precision:fast_bfloat16": "a torch may not have the function",
    "search_spaces._catalogue:resolve": "a member is named by its module and its name",
    "search_spaces._settings:above": FIELDS,
    "search_spaces._settings:at_least": FIELDS,
    "search_spaces._settings:at_least_or": FIELDS,
    "search_spaces._settings:at_most": FIELDS,
    "search_spaces._settings:between": FIELDS,
    "search_spaces.choices:ChoicesSpace.encode": FOREIGN,
    "search_spaces.convolutional:ConvolutionalSpace.__post_init__": FIELDS,
    "search_spaces.convolutional:ConvolutionalSpace._drawn_modules": OWN,
    "search_spaces.convolutional:ConvolutionalSpace._encode_layer": FIELDS,
    "search_spaces.convolutional:ConvolutionalSpace.encode": FOREIGN,
    "search_spaces.convolutional:ConvolutionalSpace.graph": OWN,
    "search_spaces.convolutional:ConvolutionalSpace.widened": OWN,
    "search_spaces.nas_bench_201._network:NASBench201Network.cost": OWN,
    "search_spaces.nas_bench_201:NASBench201Space.encode": FOREIGN,
    "search_spaces.nas_bench_201:NASBench201Space.graph": OWN,
    "search_spaces.recurrent_cell._cell:RecurrentCell.__post_init__": FIELDS,
    "search_spaces.recurrent_cell:RecurrentCellSpace.__post_init__": FIELDS,
    "search_spaces.recurrent_cell:RecurrentCellSpace._build": OWN,
    "search_spaces.recurrent_cell:RecurrentCellSpace._write_source": OWN,
    "search_spaces.recurrent_cell:RecurrentCellSpace.encode": FOREIGN,
    "search_spaces.recurrent_cell:RecurrentCellSpace.examples": OWN,
    "search_spaces.recurrent_cell:RecurrentCellSpace.graph": OWN,
    "search_spaces.recurrent_cell:RecurrentCellSpace.try_out": OWN,
    "search_spaces.staged:StagedSpace.__post_init__": FIELDS,
    "search_spaces.staged:StagedSpace._drawn_modules": OWN,
    "search_spaces.staged:StagedSpace.encode": FOREIGN,
    "search_spaces.staged:StagedSpace.graph": OWN,
}


class Guesses(ast.NodeVisitor):
    """Finds the guesses of a module, by the function that they stand in."""

    def __init__(self) -> None:
        self.scope: list[str] = []
        self.found: list[str] = []

    def _enter(self, node: ast.AST) -> None:
        self.scope.append(node.name)  # type: ignore[attr-defined]
        self.generic_visit(node)
        self.scope.pop()

    visit_FunctionDef = visit_ClassDef = _enter

    def visit_Call(self, node: ast.Call) -> None:
        name = ast.unparse(node.func)
        if name in ("getattr", "hasattr") or (name == "isinstance" and not plain(node.args[1])):
            self.found.append(".".join(self.scope))
        self.generic_visit(node)


def plain(types: ast.expr) -> bool:
    """Tell whether the second argument of ``isinstance`` names types of plain values alone."""
    text = ast.unparse(types).replace("|", ",").strip("()")
    return {name.strip() for name in text.split(",") if name.strip()} <= PLAIN


def guesses() -> Iterator[str]:
    for file in FILES:
        visitor = Guesses()
        visitor.visit(ast.parse(file.read_text()))
        parts = file.relative_to(ROOT).with_suffix("").parts
        module = ".".join(part for part in parts if part != "__init__")
        yield from (f"{module}:{name}" for name in visitor.found)


def test_nothing_is_guessed_but_what_is_allowed():
    found = set(guesses())
    assert found - set(ALLOWED) == set(), "make it a typed part of the protocol, or say why not"
    assert set(ALLOWED) - found == set(), "allowed, and not there any more"


@pytest.mark.parametrize(
    "source, caught",
    [
        ("def f(space): return getattr(space, 'layers', None)", True),
        ("def f(env): return hasattr(env, 'problem')", True),
        ("def f(task): return isinstance(task, TableTask)", True),
        ("def f(value): return isinstance(value, (list, Mapping))", False),
        ("def f(value): return isinstance(value, str | Integral)", False),
    ],
)
def test_a_guess_is_found(source, caught):
    visitor = Guesses()
    visitor.visit(ast.parse(source))
    assert visitor.found == ["f"] * caught
