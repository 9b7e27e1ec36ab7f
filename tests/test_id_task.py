"""The task of an environment's id, which ``task=`` changes or replaces."""

import re
from dataclasses import replace

import gymnasium
import pytest
from gymnasium.envs.registration import EnvSpec

import nas_env
from nas_env import InvalidValue
from nas_env.problem import Problem
from nas_env.tasks.cifar10 import CIFAR10
from nas_env.tasks.digits import Digits

VECTOR = {"vectorization_mode": "vector_entry_point"}


@pytest.fixture
def small_digits():
    id = "NAS-SmallDigits-v0"
    task = {"name": "digits", "validation_size": 50}
    nas_env.register(id, task=task, space="convolutional", layers=1)
    yield id
    del gymnasium.registry[id]


def task_of(make, id, **keywords):
    env = make(id, **keywords)
    task = env.unwrapped.problem.task
    env.close()
    return task


def make_many(id, **keywords):
    return gymnasium.make_vec(id, num_envs=2, **VECTOR, **keywords)


@pytest.mark.parametrize("make", [gymnasium.make, make_many])
def test_settings_alone_change_the_ids_own_task(small_digits, make):
    assert task_of(make, "NAS-Digits-v0", task={"train_size": 500}) == Digits(500)
    changed = task_of(make, small_digits, task={"train_size": 500})
    assert changed == Digits(500, validation_size=50), "what was registered holds beneath"
    assert task_of(make, small_digits, task="digits") == Digits(validation_size=50)
    other = task_of(make, small_digits, task={"name": "nas_bench_digits"}, space="convolutional")
    assert other.name == "nas_bench_digits"


def test_the_spec_of_a_changed_task_makes_it_again(small_digits):
    env = gymnasium.make(small_digits, task={"train_size": 500})
    again = gymnasium.make(EnvSpec.from_json(env.spec.to_json()))
    assert again.unwrapped.problem.spec == env.unwrapped.problem.spec
    env.close()
    again.close()


@pytest.mark.parametrize(
    "task, says",
    [
        ({"train_sise": 5}, "unknown setting of the digits task 'train_sise': did you mean"),
        ({"name": "digit"}, "unknown task 'digit': did you mean 'digits'?"),
        (3, "task is 3, expected a name, or a mapping with a name"),
    ],
)
def test_a_wrong_change_of_a_task_is_refused(task, says):
    with pytest.raises(InvalidValue, match=re.escape(says)):
        gymnasium.make("NAS-Digits-v0", task=task)


def test_a_task_without_a_name_and_without_an_id_is_refused():
    says = "task is {'train_size': 5}, expected a name, or a mapping with a name"
    with pytest.raises(InvalidValue, match=re.escape(says)):
        Problem({"train_size": 5})


@pytest.mark.parametrize("make", [gymnasium.make, make_many])
def test_settings_alone_change_the_ids_own_recipe(make):
    def recipe(**keywords):
        env = make("NAS-CIFAR10-Record-v0", device="cpu", **keywords)
        env.close()
        return env.unwrapped.problem.recipe

    own = recipe()
    assert own == replace(CIFAR10.recipes["record_search"], precision=own.precision)
    assert recipe(recipe={"epochs": 2}) == replace(own, epochs=2)
    assert recipe(recipe="airbench").batch_size == 1_024
    assert recipe(recipe={"preset": "laptop", "epochs": 1}).resolution == 8
    with pytest.raises(InvalidValue, match="recipe is 3, expected a name or a mapping"):
        recipe(recipe=3)
