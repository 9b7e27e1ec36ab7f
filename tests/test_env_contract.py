"""What every registered environment keeps, alone and as a vector."""

import copy
import dataclasses
import json
import pickle
import subprocess
import sys
import warnings
from collections.abc import Mapping
from typing import ClassVar

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.envs.registration import EnvSpec
from gymnasium.spaces import Box, Discrete
from gymnasium.utils.env_checker import check_env, data_equivalence
from gymnasium.vector import AutoresetMode
from stable_baselines3.common.env_checker import check_env as check_env_for_sb3

import nas_env
from nas_env import DataNotFound, InvalidValue, UnknownName
from nas_env.parts import mapping
from nas_env.records import Evaluation
from nas_env.tasks import TrainingTask, make_task, task_class
from nas_env.tasks.digits import Digits
from search_spaces.convolutional import ConvolutionalSpace
from tests._needed import made, needed, task_of

MODES = [AutoresetMode.SAME_STEP, AutoresetMode.NEXT_STEP]
VECTOR = {"vectorization_mode": "vector_entry_point"}
#: Settings of a space that make a child cost milliseconds.
SMALL = {
    "convolutional": {"layers": 2},
    "recurrent_cell": {"hidden": 4, "cell_layers": 1},
    "staged": {"layers": 2, "filters": [2, 3]},
}
forms = pytest.mark.parametrize("observation", ["dict", "flat"])


def settings(id):
    """An environment's keyword arguments, changed so that a child costs milliseconds."""
    name = task_of(id)["name"]
    if not issubclass(task_class(name), TrainingTask):
        return {"device": "cpu"}
    sizes = {"train_size": 64, "validation_size": 64}
    known = {field.name for field in dataclasses.fields(task_class(name))}
    small = needed(name) or {k: v for k, v in sizes.items() if k in known}
    space = gymnasium.spec(id).kwargs.get("space") or made(name).space
    small = {"task": {"name": name, **small}, **SMALL[mapping(space)["name"]]}
    return {**small, "recipe": {"epochs": 1}, "device": "cpu"}


class Maker:
    """Makes the environments of one id, and closes them."""

    def __init__(self, id):
        self.id, self.settings, self.made = id, settings(id), []

    def one(self, **changes):
        return self._keep(gymnasium.make(self.id, **{**self.settings, **changes}))

    def many(self, count, **changes):
        keywords = {**VECTOR, **self.settings, **changes}
        return self._keep(gymnasium.make_vec(self.id, num_envs=count, **keywords))

    def _keep(self, env):
        self.made.append(env)
        return env


@pytest.fixture(params=nas_env.environment_ids())
def maker(request):
    """For every id whose task's data is here."""
    maker = Maker(request.param)
    task = make_task(maker.settings.get("task", task_of(request.param)))
    try:
        request.getfixturevalue(f"{task.name}_data")
    except pytest.FixtureLookupError:
        try:
            task.verify()
        except DataNotFound as error:
            pytest.skip(str(error))
    yield maker
    for env in maker.made:
        env.close()


@pytest.fixture
def digits():
    maker = Maker("NAS-Digits-v0")
    yield maker
    for env in maker.made:
        env.close()


def length(env):
    return env.unwrapped.search_space.length()


def actions(env, seed=0):
    """An episode's actions, some of them past the options."""
    rng = np.random.default_rng(seed)
    return rng.integers(env.unwrapped.search_space.max_options, size=length(env)).tolist()


def play(env, tokens, reset=True):
    """Everything that an episode gives."""
    given = [env.reset()] if reset else []
    return [*given, *(env.step(token) for token in tokens)]


def ending(env, tokens):
    """The last step of an episode: observation, reward, terminated, truncated, info."""
    return play(env, tokens)[-1]


def same(one, other):
    return data_equivalence(one, other, exact=True)


def one_hots(env, observation):
    """The choices of an observation, (..., decisions, options)."""
    space, tokens = env.unwrapped.search_space, observation["tokens"]
    assert tokens.dtype == np.float32
    return tokens.reshape(*tokens.shape[:-1], len(space.decisions), space.max_options)


# -- the checkers, and how it is made ------------------------------------------------------------
@pytest.mark.parametrize(
    "observation, render_mode", [("dict", "ansi"), ("dict", "rgb_array"), ("flat", "ansi")]
)
def test_gymnasiums_checker(maker, observation, render_mode):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(maker.one(observation=observation, render_mode=render_mode).unwrapped)


@pytest.mark.parametrize(
    "observation, one_step", [("dict", False), ("dict", True), ("flat", False)]
)
def test_sb3s_checker(maker, observation, one_step):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env_for_sb3(maker.one(observation=observation, one_step=one_step))


def test_spec_goes_to_json_and_back(maker):
    env = maker.one()
    spec = EnvSpec.from_json(env.spec.to_json())
    assert spec == env.spec
    again = gymnasium.make(spec)
    maker.made.append(again)
    assert same(play(again, actions(env)), play(env, actions(env)))


def test_made_by_a_process_that_has_imported_nothing():
    program = (
        "import json, sys, gymnasium\n"
        "assert not {'nas_env', 'torch', 'search_spaces'} & set(sys.modules)\n"
        "way = {'vectorization_mode': 'vector_entry_point'}\n"
        "for id, task in json.loads(sys.argv[1]).items():\n"
        "    env = gymnasium.make(f'nas_env:{id}', task=task)\n"
        "    print(env.spec.id, env.action_space.n)\n"
        "    env.close()\n"
        "    gymnasium.make_vec(f'nas_env:{id}', task=task, **way).close()\n"
    )
    ids = nas_env.environment_ids()
    tasks = json.dumps({id: task_of(id) for id in ids})
    done = subprocess.run([sys.executable, "-c", program, tasks], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(ids)


@pytest.mark.parametrize(
    "changes, error, message",
    [
        ({"task": "digit"}, UnknownName, "did you mean 'digits'"),
        ({"task": {"name": "digits", "train_siz": 64}}, UnknownName, "did you mean 'train_size'"),
        ({"task": {"name": "digits", "train_size": 2_000}}, InvalidValue, "do not fit into 1,400"),
        ({"task": {"name": "digits", "version": 9}}, InvalidValue, "has version 0 here, not 9"),
        ({"space": "convolution"}, UnknownName, "did you mean 'convolutional'"),
        ({"space": {"name": "convolutional", "layer": 2}}, UnknownName, "did you mean 'layers'"),
        ({"layers": 0}, InvalidValue, "layers is 0"),
        ({"recipe": "shor"}, UnknownName, "did you mean 'short'"),
        ({"recipe": {"epoch": 1}}, UnknownName, "did you mean 'epochs'"),
        ({"recipe": {"epochs": 0}}, InvalidValue, "epochs is 0, expected at least 1"),
        ({"recipe": {"epochs": "1"}}, InvalidValue, "epochs is '1'"),
        ({"device": "gpu"}, InvalidValue, "expected auto, cpu, cuda or cuda:N"),
        ({"evaluator": "inprocess"}, UnknownName, "did you mean 'in_process'"),
        ({"evaluation_seed": -1}, InvalidValue, "expected 0 or more"),
        ({"observation": "fla"}, UnknownName, "did you mean 'flat'"),
    ],
    ids=str,
)
def test_bad_arguments_get_one_clear_line(digits, changes, error, message):
    for make in (digits.one, lambda **changes: digits.many(2, **changes)):
        with pytest.raises(error, match=message) as caught:
            make(**changes)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "given, meant", [("layer", "layers"), ("evaluater", "evaluator"), ("frameskip", "known are")]
)
def test_an_unknown_keyword_is_pythons_type_error(digits, given, meant):
    """Libraries try what an environment takes, and read the message when it does not."""
    for make, name in ((digits.one, "NASEnv"), (lambda **k: digits.many(2, **k), "NASVectorEnv")):
        pythons = rf"^{name}.__init__\(\) got an unexpected keyword argument '{given}'; "
        with pytest.raises(TypeError, match=pythons + f".*{meant}") as caught:
            make(**{given: 1})
        assert isinstance(caught.value, InvalidValue) and "\n" not in str(caught.value)
        assert "caller" not in str(caught.value)


def test_errors_go_from_process_to_process():
    with pytest.raises(UnknownName, match="did you mean 'digits'") as caught:
        make_task("digit")
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is UnknownName and str(again) == str(caught.value)


def test_unknown_render_mode():
    with pytest.raises(UnknownName, match="did you mean 'ansi'"):
        gymnasium.make_vec("NAS-Digits-v0", render_mode="ans", **VECTOR)


# -- an episode ----------------------------------------------------------------------------------
def test_an_episode(maker):
    env = maker.one()
    space = env.unwrapped.search_space
    tokens = space.sample(np.random.default_rng(1))
    given = play(env, tokens)
    shape = len(tokens), space.max_options
    assert env.observation_space["tokens"] == Box(0, 1, (np.prod(shape),), np.float32)
    assert env.observation_space["decision"] == Discrete(len(tokens) + 1)
    for index, (observation, *rest) in enumerate(given[:-1]):
        mask = rest[-1]["action_mask"]
        assert rest[-1].keys() == {"action_mask"} and mask.dtype == np.int8
        assert tuple(np.flatnonzero(mask)) == space.open_options(tokens[:index])
        assert observation["decision"] == index
        assert rest[:-1] in ([], [0.0, False, False])
        expected = np.zeros(shape)
        expected[np.arange(index), tokens[:index]] = 1
        assert np.array_equal(one_hots(env, observation), expected)
    observation, reward, terminated, truncated, info = given[-1]
    assert observation in env.observation_space
    assert observation["decision"] == len(tokens) and observation["tokens"].sum() == len(tokens)
    assert terminated and not truncated and type(reward) is float
    assert info["action_mask"].tolist() == [1] * space.max_options
    assert info["architecture"] == space.decode(tokens).to_dict()
    evaluation = info["evaluation"]
    assert evaluation["status"] == "ok" and "reward" not in evaluation
    assert reward == made_again(env, evaluation)
    assert "seconds" not in evaluation and json.loads(json.dumps(evaluation)) == evaluation


def made_again(env, evaluation):
    """The reward that the environment's objective makes of a public evaluation."""
    return env.unwrapped.problem.objective.reward(Evaluation(**evaluation))


@pytest.mark.parametrize("one_step", [False, True])
def test_flat_observations_are_gymnasiums_flattened_ones(maker, one_step):
    """The same numbers, as float32."""
    flat = maker.one(observation="flat", one_step=one_step)
    theirs = gymnasium.wrappers.FlattenObservation(maker.one(one_step=one_step))
    space = theirs.observation_space
    assert flat.observation_space == Box(space.low, space.high, dtype=np.float32)
    flat.reset()
    theirs.reset()
    for action in actions(flat) if not one_step else [flat.action_space.sample()]:
        given, expected = flat.step(action), theirs.step(action)
        assert given[0].dtype == np.float32 and np.array_equal(given[0], expected[0])
        assert given[1:4] == expected[1:4] and same(given[4], expected[4])


def test_the_longest_episode_is_known_and_never_cut(maker):
    env = maker.one()
    steps = length(env)
    assert env.spec.max_episode_steps == steps + 1
    assert maker.one(one_step=True).spec.max_episode_steps == 2
    assert maker.many(2).spec.max_episode_steps == steps + 1
    assert gymnasium.spec(maker.id).max_episode_steps is None  # a keyword may change the depth
    again = gymnasium.make(env.spec)  # Gymnasium limits what is made by a spec with a limit
    maker.made.append(again)
    assert same(ending(again, actions(env)), ending(env, actions(env)))
    timed = gymnasium.wrappers.TimeAwareObservation(env, flatten=False)
    observation, *_ = ending(timed, actions(env))
    assert observation in timed.observation_space and observation["time"] == [steps]


def test_the_limit_follows_the_depth(digits):
    for layers in (1, 2, 5):
        env = digits.one(layers=layers)
        assert env.spec.max_episode_steps == length(env) + 1
    vector = digits.many(2)
    assert vector.spec.max_episode_steps == length(vector) + 1
    digits.made.append(gymnasium.make_vec(vector.spec))
    with pytest.raises(InvalidValue, match="max_episode_steps is 3, expected at least 7"):
        digits.many(2, max_episode_steps=3)


def test_same_tokens_same_reward(maker):
    """In another environment, after other episodes, with other seeds and random states."""
    one, other = maker.one(), maker.one()
    tokens = actions(one)
    first = ending(one, tokens)
    play(other, actions(one, seed=5))
    other.reset(seed=99)
    torch.manual_seed(99)
    np.random.seed(99)
    assert same(ending(other, tokens), first)


def test_the_evaluation_seed_moves_the_reward(digits):
    tokens = [2] * length(digits.one())
    task = {"name": "digits"}
    curves = [
        ending(digits.one(task=task, evaluation_seed=seed), tokens)[4]["evaluation"]["curves"]
        for seed in (0, 1)
    ]
    assert curves[0] != curves[1]


class NoRepeats(ConvolutionalSpace):
    """No choice of four options takes the token of the choice before."""

    def open_mask(self, tokens):
        mask = super().open_mask(tokens)
        index = tokens.shape[1]
        if index and len(self.decisions[index].options) == 4:
            mask[np.arange(len(tokens)), tokens[:, -1]] = False
        return mask


def stands_for(space, prefix, action):
    """The token of an action, by trying one option after the other."""
    options = space.open_options(prefix)
    while action not in options:
        action = (action + 1) % space.max_options
    return action


def test_actions_past_the_options_wrap_round(maker):
    deeper = {"layers": 3} if "layers" in maker.settings else {}
    assert_wraps_round(maker.one(**deeper), maker.many(8, **deeper))


def test_actions_that_are_closed_wrap_round(digits):
    changes = {"space": f"{__name__}:NoRepeats"}
    assert_wraps_round(digits.one(**changes), digits.many(8, **changes))
    bandit, bandits = digits.one(one_step=True, **changes), digits.many(2, one_step=True, **changes)
    space, action = bandit.unwrapped.search_space, [2, 2, 3, 3, 3, 0, 1]
    tokens = []
    for each in action:
        tokens.append(stands_for(space, tokens, each))
    bandit.reset()
    bandits.reset()
    observation, *_, info = bandit.step(action)
    assert one_hots(bandit, observation).argmax(axis=1).tolist() == tokens != action
    assert info["architecture"] == space.decode(tokens).to_dict()
    final = bandits.step([action, action])[4]["final_obs"]
    assert same(final[1], observation)


def assert_wraps_round(env, vector):
    """Random actions, and in both forms the tokens that they stand for."""
    space = env.unwrapped.search_space
    episodes = np.random.default_rng(0).integers(space.max_options, size=(8, space.length() - 1))
    taken = []
    for episode in episodes.tolist():
        env.reset()
        tokens = []
        for action in episode:
            tokens.append(stands_for(space, tokens, action))
            observation, *_, info = env.step(action)
        assert tuple(np.flatnonzero(info["action_mask"])) == space.open_options(tokens)
        shown = one_hots(env, observation)
        assert np.array_equal(shown.sum(axis=1), [1] * len(tokens) + [0])
        assert shown.argmax(axis=1)[:-1].tolist() == tokens
        taken.append(tokens)
    assert (taken == episodes.tolist()) == (space.masks_are_static and space.option_mask.all())
    vector.reset()
    for column in episodes.T:
        observations = vector.step(column)[0]
    assert one_hots(vector, observations).argmax(axis=2)[:, :-1].tolist() == taken


def array_of(observation):
    """The array in an observation of either form."""
    return observation["tokens"] if isinstance(observation, dict) else observation


@forms
def test_observations_and_masks_are_fresh(maker, observation):
    env, other = (maker.one(observation=observation) for _ in range(2))
    tokens = actions(env)
    observation, info = env.reset()
    other.reset()
    for token in tokens:
        array_of(observation)[:] = 1
        info["action_mask"][:] = 0
        env.unwrapped.action_masks()[:] = False
        observation, _, _, _, info = env.step(token)
        expected, _, _, _, expected_info = other.step(token)
        assert same(observation, expected) and same(info, expected_info)
    info["evaluation"].clear()
    info["architecture"].clear()
    assert same(ending(env, tokens), ending(other, tokens))


@forms
def test_vector_observations_and_masks_are_fresh(maker, observation):
    env, other = (maker.many(2, observation=observation) for _ in range(2))
    observation, info = env.reset()
    other.reset()
    for token in actions(env) * 2:
        for array in (array_of(observation), info["action_mask"], env.action_masks()):
            array[:] = 0
        observation, *_, info = env.step([token, token])
        expected, *_, expected_info = other.step([token, token])
        assert same(observation, expected) and same(info, expected_info)


def test_action_masks_are_the_infos(maker):
    env, vector = maker.one(), maker.many(2)
    _, info = env.reset()
    vector.reset()
    for token in actions(env):
        masks = vector.action_masks()
        mask = env.unwrapped.action_masks()
        assert mask.dtype == masks.dtype == bool and masks.shape == (2, len(mask))
        assert np.array_equal(mask, info["action_mask"]) and (masks == mask).all()
        info = env.step(token)[4]
        vector.step([token, token])


def test_closing_twice(maker):
    for env in (maker.one(), maker.many(2)):
        env.reset()
        env.close()
        env.close()


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))])
def test_a_copy_goes_on_the_same(maker, copied):
    env = maker.one()
    tokens, half = actions(env), length(env) // 2
    play(env, tokens)
    play(env, tokens[:half])
    other = copied(env)
    maker.made.append(other)
    rest = play(env, tokens[half:], reset=False)
    assert same(play(other, tokens[half:], reset=False), rest)
    again = actions(env, seed=3)
    assert same(play(other, again), play(env, again))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))])
def test_a_copy_of_the_vector_goes_on_the_same(digits, copied):
    env = digits.many(2)
    tokens, half = [[t, 1] for t in actions(env)], length(env) // 2
    play(env, tokens[:half])
    other = copied(env)
    digits.made.append(other)
    rest = tokens[half:] + tokens
    assert same(play(env, rest, reset=False), play(other, rest, reset=False))


# -- bad calls -----------------------------------------------------------------------------------
def test_a_step_without_an_episode(maker):
    env, vector = maker.one(), maker.many(2)
    for bare in (env.unwrapped, vector):
        with pytest.raises(gymnasium.error.ResetNeeded, match=r"call reset\(\) before step\(\)"):
            bare.step(bare.action_space.sample())
    play(env, actions(env))
    with pytest.raises(gymnasium.error.ResetNeeded, match="the episode is over"):
        env.step(0)


@pytest.mark.parametrize("action", [-1, 4, 0.5, float("nan"), "a", None, [0], [0, 1]], ids=str)
def test_bad_actions_get_one_clear_line_and_change_nothing(digits, action):
    env, vector = digits.one(), digits.many(2)
    env.reset()
    with pytest.raises(InvalidValue, match=r"action is .*, expected a member of Discrete\(4\)"):
        env.step(action)
    vector.reset()
    with pytest.raises(InvalidValue, match=r"actions are .*, expected a member of MultiDiscrete"):
        vector.step([0, action] if not isinstance(action, list) else [*action, 0, 0])
    assert env.step(1)[0]["decision"] == 1 and vector.step([1, 1])[0]["decision"].tolist() == [1, 1]


def test_unknown_reset_options_get_one_clear_line(maker):
    for env in (maker.one().unwrapped, maker.many(2)):
        with pytest.raises(UnknownName, match="unknown reset option 'layer': did you mean"):
            env.reset(options={"layer": 2})


@pytest.mark.parametrize("layers", [0, 3, 1.5, "two", True, [1]], ids=str)
def test_bad_depths_get_one_clear_line(digits, layers):
    for env in (digits.one(), digits.many(2)):
        env.reset(options={"layers": 1})
        with pytest.raises(InvalidValue, match=r"layers is .*, expected 1 to 2"):
            env.reset(options={"layers": layers})
        env.reset()
        assert env.step(env.action_space.sample())[0]["decision"].max() == 1


# -- depth ---------------------------------------------------------------------------------------
def test_depth_holds_until_it_is_changed(maker):
    env = maker.one()
    space = env.unwrapped.search_space
    if space.depth is None:
        pytest.skip("this space has no depth to choose")
    if env.unwrapped.problem.table is not None:
        with pytest.raises(InvalidValue, match="architectures of 9 decisions"):
            env.reset(options={"layers": 1})
        return
    spaces = (env.observation_space, env.action_space)
    shallow = space.length(1)
    env.reset(options={"layers": 1})
    for _ in range(2):  # an episode without options goes on with the depth
        *_, info = play(env, actions(env)[:shallow], reset=False)[-1]
        assert len(info["architecture"]["layers"]) == 1
        observation, _ = env.reset()
        assert observation in env.observation_space
    env.reset(options={"layers": 2})
    *_, last = play(env, actions(env), reset=False)
    assert last[2] and (env.observation_space, env.action_space) == spaces


@pytest.mark.parametrize("mode", MODES)
def test_depth_holds_in_the_vector(digits, mode):
    env = digits.many(2, autoreset_mode=mode)
    space = env.unwrapped.search_space
    spaces = (env.observation_space, env.action_space)
    env.reset(options={"layers": 1})
    ends = [bool(env.step([0, 0])[2].all()) for _ in range(7)]
    shallow = space.length(1) + (mode is AutoresetMode.NEXT_STEP)
    assert [i for i, end in enumerate(ends) if end] == [2, 2 + shallow]
    observation, _ = env.reset(options={"layers": 2})
    assert observation in env.observation_space
    ends = [bool(env.step([0, 0])[2].all()) for _ in range(7)]
    assert ends == [False] * 6 + [True]
    assert (env.observation_space, env.action_space) == spaces


# -- many at once --------------------------------------------------------------------------------
def synchronous(maker, mode, **changes):
    """Two environments, stepped by Gymnasium one after the other."""
    env = gymnasium.make_vec(
        maker.id,
        num_envs=2,
        vectorization_mode="sync",
        vector_kwargs={"autoreset_mode": mode},
        **{**maker.settings, **changes},
    )
    maker.made.append(env)
    return env


@pytest.mark.parametrize(
    "mode, observation", [*((mode, "dict") for mode in MODES), (MODES[0], "flat")]
)
def test_the_vector_is_gymnasiums_own(maker, mode, observation):
    """Observations, rewards, endings and infos, with their companions, over several episodes."""
    fast = maker.many(2, autoreset_mode=mode, observation=observation)
    slow = synchronous(maker, mode, observation=observation)
    assert fast.metadata["autoreset_mode"] is slow.metadata["autoreset_mode"] is mode
    assert fast.observation_space == slow.observation_space
    assert fast.action_space == slow.action_space
    assert same(fast.reset(seed=3), slow.reset(seed=3))
    fast.action_space.seed(3)
    endings = 0
    for _ in range(2 * length(fast) + 2):
        act = fast.action_space.sample()
        one, other = fast.step(act), slow.step(act)
        for ours, theirs in zip(one, other, strict=True):
            assert same(ours, theirs)
        endings += one[2].all()
    assert endings == 2


def test_the_vector_says_how_it_resets(digits):
    assert digits.many(2).metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    for mode in ("NEXT_STEP", AutoresetMode.NEXT_STEP, AutoresetMode.NEXT_STEP.value):
        env = digits.many(2, autoreset_mode=mode)
        assert env.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    with pytest.raises(InvalidValue, match="autoreset_mode is 'DISABLED'"):
        digits.many(2, autoreset_mode="DISABLED")
    with pytest.raises(InvalidValue, match="num_envs is 0"):
        digits.many(0)


def test_the_vector_says_what_one_says(maker):
    env, vector = maker.one(), maker.many(2)
    episodes = [actions(env, seed) for seed in (1, 2)]
    vector.reset()
    for column in np.transpose(episodes):
        given = vector.step(column)
    for index, tokens in enumerate(episodes):
        observation, reward, _, _, info = ending(env, tokens)
        assert given[1][index] == reward
        final = given[4]["final_obs"][index]
        assert same(final, observation)
        metrics = given[4]["final_info"]["evaluation"]["metrics"]
        assert all(metrics[name][index] == v for name, v in info["evaluation"]["metrics"].items())
        assert (
            given[4]["final_info"]["architecture"]["space"][index]
            == (info["architecture"]["space"])
        )
    assert given[0]["decision"].tolist() == [0, 0]


def test_the_vector_of_a_space_that_closes_options_is_gymnasiums_own(digits):
    changes = {"space": f"{__name__}:NoRepeats"}
    fast, slow = digits.many(2, **changes), synchronous(digits, AutoresetMode.SAME_STEP, **changes)
    assert same(fast.reset(), slow.reset())
    for act in np.random.default_rng(0).integers(4, size=(length(fast) + 1, 2)):
        assert all(same(*both) for both in zip(fast.step(act), slow.step(act), strict=True))


# -- all decisions at once -----------------------------------------------------------------------
def test_one_step_form(maker):
    env, bandit, bandits = maker.one(), maker.one(one_step=True), maker.many(2, one_step=True)
    space = env.unwrapped.search_space
    counts = [len(d.options) for d in space.decisions]
    assert bandit.action_space.nvec.tolist() == counts
    assert bandits.single_action_space == bandit.action_space
    _, info = bandit.reset()
    assert info["action_mask"].tolist() == [1] * sum(counts)
    assert bandit.unwrapped.action_masks().shape == (sum(counts),)
    rows = space.sample_batch(np.random.default_rng(0), 2)
    observation, reward, terminated, truncated, info = bandit.step(rows[0])
    expected = ending(env, rows[0])
    assert same(observation, expected[0]) and (reward, terminated, truncated) == expected[1:4]
    for key in ("evaluation", "architecture"):
        assert info[key] == expected[4][key]
    bandits.reset()
    _, rewards, terminated, _, infos = bandits.step(rows)
    assert rewards[0] == reward and terminated.all()
    assert same(infos["final_obs"][0], observation)
    with pytest.raises(gymnasium.error.ResetNeeded):
        bandit.step(rows[0])
    assert bandits.step(rows)[1].tolist() == rewards.tolist()


def test_one_step_form_refuses_what_is_no_action(digits):
    bandit, bandits = digits.one(one_step=True), digits.many(2, one_step=True)
    bandit.reset()
    bandits.reset()
    for bad in ([4] * 7, [0] * 6, [0.0] * 7, None, 0):
        with pytest.raises(InvalidValue, match="expected a member of MultiDiscrete"):
            bandit.step(bad)
        with pytest.raises(InvalidValue, match=r"actions are .*, expected a member of"):
            bandits.step([bad, bad])


def test_one_step_form_of_a_shallow_episode(digits):
    env, bandit = digits.one(), digits.one(one_step=True)
    env.reset(options={"layers": 1})
    tokens = [1, 2, 3, 0, 1, 2, 1]
    expected = play(env, tokens[:3], reset=False)[-1]
    bandit.reset(options={"layers": 1})
    observation, reward, *_ = bandit.step(tokens)
    assert same(observation, expected[0]) and reward == expected[1]


# -- wrappers and pictures -----------------------------------------------------------------------
def test_record_episode_statistics(maker):
    env = gymnasium.wrappers.RecordEpisodeStatistics(maker.one())
    *_, info = ending(env, actions(env))
    assert info["episode"]["l"] == length(env)
    assert info["episode"]["r"] == pytest.approx(made_again(env, info["evaluation"]))
    vector = gymnasium.wrappers.vector.RecordEpisodeStatistics(maker.many(2))
    vector.reset()
    for token in actions(vector):
        *_, info = vector.step([token, token])
    assert info["episode"]["l"].tolist() == [length(env)] * 2


def test_pictures_of_an_episode_are_of_one_size(maker):
    env = maker.one(render_mode="rgb_array")
    env.reset()
    frames = [env.render()]
    for token in actions(env):
        env.step(token)
        frames.append(env.render())
    assert len({frame.shape for frame in frames}) == 1 and frames[0].shape[2] == 3
    assert all(frame.dtype == np.uint8 for frame in frames)
    assert len({frame.tobytes() for frame in frames}) == len(frames)


def test_texts_of_an_episode(maker):
    env = maker.one(render_mode="ansi")
    decisions = env.unwrapped.search_space.decisions
    env.reset()
    for decision, token in zip(decisions, actions(env), strict=True):
        assert f"next: {decision.name}" in env.render()
        env.step(token)
    assert "reward" in env.render()


def test_pictures_of_many(digits):
    env = digits.many(2, render_mode="rgb_array")
    env.reset()
    env.step([0, 1])
    assert len({frame.shape for frame in env.render()}) == 1 and len(env.render()) == 2


def test_render_without_a_mode_warns(digits):
    for env in (digits.one(), digits.many(2)):
        env.reset()
        with pytest.warns(UserWarning, match="render_mode"):
            assert env.unwrapped.render() is None


def test_record_video(digits, tmp_path):
    pytest.importorskip("moviepy")
    env = gymnasium.wrappers.RecordVideo(
        digits.one(render_mode="rgb_array"), str(tmp_path / "videos"), disable_logger=True
    )
    digits.made.append(env)
    *earlier, last = actions(env)
    play(env, earlier)
    frames = env.recorded_frames
    assert len(frames) == length(env) and len({frame.shape for frame in frames}) == 1
    env.step(last)
    env.close()
    (video,) = (tmp_path / "videos").glob("*.mp4")
    assert video.stat().st_size > 0


# -- children that fail --------------------------------------------------------------------------
class PunishingDigits(Digits):
    """Digits where a failure is worse than nothing."""

    objective: ClassVar = {"name": "accuracy_cubed", "failure_reward": -1.0}
    environments: ClassVar[Mapping] = {}


class Fragile(ConvolutionalSpace):
    """A space some of whose networks cannot be built."""

    def _build(self, architecture, input_shape, outputs):
        if architecture.layers[0].filters == 64:
            raise RuntimeError("this network cannot be built\nat all")
        return super()._build(architecture, input_shape, outputs)


FAILURES = {
    "diverged": ({"recipe": {"epochs": 3, "learning_rate": 1e30}}, 0.0, "the loss was not finite"),
    "too_large": (
        {"task": {"name": f"{__name__}:PunishingDigits", "max_parameters": 500}},
        -1.0,
        "parameters, the task's max_parameters (--task.max-parameters) is 500",
    ),
    "failed": (
        {"space": f"{__name__}:Fragile"},
        0.0,
        "RuntimeError: this network cannot be built",
    ),
}


@pytest.mark.parametrize("status", FAILURES)
def test_a_child_that_fails_is_an_evaluation(digits, status):
    changes, reward, error = FAILURES[status]
    env = digits.one(**changes)
    observation, given, terminated, truncated, info = ending(env, [3] * length(env))
    assert given == reward and terminated and not truncated
    assert observation in env.observation_space
    evaluation = info["evaluation"]
    assert (evaluation["status"], evaluation["metrics"]) == (status, {})
    assert error in evaluation["error"] and "\n" not in evaluation["error"]
    assert ("parameters" in evaluation) == (status != "failed")
    vector = digits.many(2, **changes)
    vector.reset()
    for _ in range(length(env)):
        _, rewards, *_, infos = vector.step([3, 3])
    assert rewards.tolist() == [reward] * 2
    assert infos["final_info"]["evaluation"]["status"].tolist() == [status] * 2
    assert ending(env, [3] * length(env))[1] == reward  # and again, from the store


@pytest.mark.parametrize("mode", MODES)
def test_a_child_that_fails_beside_one_that_does_not(digits, mode):
    changes = FAILURES["failed"][0]
    fast = digits.many(2, autoreset_mode=mode, **changes)
    slow = synchronous(digits, mode, **changes)
    fast.reset()
    slow.reset()
    for _ in range(length(fast)):
        one, other = fast.step([0, 3]), slow.step([0, 3])
        assert all(same(ours, theirs) for ours, theirs in zip(one, other, strict=True))
    info = one[4]["final_info"] if mode is AutoresetMode.SAME_STEP else one[4]
    assert info["evaluation"]["status"].tolist() == ["ok", "failed"]
    assert info["evaluation"]["_parameters"].tolist() == [True, False]


def test_missing_data_is_no_failure_of_a_child(monkeypatch, tmp_path):
    """It is said at the first reset, before anything is trained."""
    (tmp_path / "cifar-10-batches-py").mkdir()
    monkeypatch.setenv("NAS_DATA", str(tmp_path))
    for make in (gymnasium.make, lambda id: gymnasium.make_vec(id, **VECTOR)):
        env = make("NAS-CIFAR10-v0")
        with pytest.raises(DataNotFound, match=r"CIFAR-10 not found: looked in .*data_batch_1"):
            env.unwrapped.reset()
        env.close()
