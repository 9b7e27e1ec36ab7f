"""What every task keeps, and that the checks of it find each fault."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from nas_env.errors import DataNotFound
from nas_env.metrics import Metric
from nas_env.tasks import LanguageTask, task_class, task_names
from nas_env.testing import TASK_CHECKS, check_task
from nas_env.testing._noise import SPACE, Noise
from nas_env.testing._posed import Posed
from nas_env.training.language_recipe import LanguageRecipe
from tests._faults import expect_broken
from tests._needed import made, needed

IMAGES = {"train_size": 64, "validation_size": 64}
TEXT = {"train_size": 2_000, "validation_size": 500}
CELL = {"name": "recurrent_cell", "hidden": 4, "cell_layers": 1}
LAYER = {"name": "convolutional", "layers": 1}


def posed(name):
    """The task with little data, small children and a short training."""
    cls = task_class(name)
    if not cls.trains:
        return Posed(made(name))
    sizes, space = (TEXT, CELL) if issubclass(cls, LanguageTask) else (IMAGES, LAYER)
    return Posed(made(name, **({} if needed(name) else sizes)), space, {"epochs": 1})


@pytest.mark.parametrize("check", TASK_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", task_names())
def test_every_task_keeps_its_contract(name, check):
    try:
        check(posed(name))
    except DataNotFound as error:
        pytest.skip(str(error))


TRAINED = [name for name in task_names() if task_class(name).trains]


@pytest.mark.parametrize("name", TRAINED)
def test_every_task_says_the_licence_of_its_data(name):
    """Whose own data it is says it by a setting, which changes no key of an evaluation."""
    task = made(name)
    if not needed(name):
        assert "http" in task.licence
        return
    told = made(name, licence="mine")
    assert (task.licence, told.licence) == ("", "mine") and told.spec["licence"] == "mine"
    assert told.request_spec == task.request_spec and "licence" not in task.request_spec


@pytest.mark.parametrize("name", TRAINED)
def test_every_task_says_how_examples_become_what_a_network_reads(name):
    task = posed(name).task
    try:
        task.verify()
        data = task.final_data()
    except DataNotFound as error:
        pytest.skip(str(error))
    found = task.preprocessing(data, task.recipes[task.default_recipe("cpu")])
    if issubclass(task_class(name), LanguageTask):
        assert len(set(found.symbols)) == len(found.symbols) == task.outputs
        assert found.unit == ("character" if task.of_characters else "word")
    else:
        assert found.stored == tuple(data.train_images.shape[1:3])


# -- the checks themselves: each fault is found, and its method named ----------------------------
class Unsealed(Noise):
    def test_data(self):
        return self._read_test_data()


class Peeking(Noise):
    def search_data(self):
        self.test_data()
        return super().search_data()


class Unversioned(Noise):
    version: ClassVar = "1"


class Wordless(Noise):
    environments: ClassVar = {"NAS-Wordless": {"space": SPACE}}


class Unmeasured(Noise):
    def measure(self, curves):
        return {"accuracy": 0.5}


class Shuffled(Noise):
    def _read_train_images(self):
        images, labels = super()._read_train_images()
        return images[: len(images) - np.random.default_rng().integers(2)], labels


class Chatty(Noise):
    notes: ClassVar = ("two\nlines",)


class Lower(Noise):
    metric: ClassVar = Metric("validation_loss", maximise=False)


@dataclass(frozen=True)
class Recipeless(LanguageTask):
    version: ClassVar[int] = 0
    outputs: ClassVar[int] = 10
    recipes: ClassVar = {"short": LanguageRecipe(epochs=1)}
    default_recipes: ClassVar = {"cpu": "shrot"}
    environments: ClassVar = {}

    def verify(self):
        pass

    def _read(self, split):
        return np.arange(500) % 10


FAULTS = {
    Unsealed: "Unsealed.test_data: expected TestSetSealed for a read while a child is trained",
    Peeking: "Peeking, the_test_split_is_sealed .*TestSetSealed: the test split is out of reach",
    Unversioned: "Unversioned.version: expected a whole number, which the spec has, got 1",
    Wordless: "Wordless.environments: expected ids that end with -v and a number",
    Unmeasured: "Unmeasured.measure: expected the metric validation_accuracy",
    Chatty: "Chatty.notes: expected texts of one line, got ",
    Lower: "Lower, its_objective_can_reward_it .*accuracy_cubed is for a metric of which more is",
    Recipeless: r"Recipeless.default_recipes: expected names among \['short'\], got {'cpu': ",
}


@pytest.mark.parametrize("task", FAULTS, ids=lambda task: task.__name__)
def test_a_fault_is_found_and_its_method_named(task):
    space = CELL if issubclass(task, LanguageTask) else LAYER
    expect_broken(FAULTS[task], check_task, f"{__name__}:{task.__name__}", space, {"epochs": 1})
