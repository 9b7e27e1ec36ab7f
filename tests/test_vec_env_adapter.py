"""Stable-Baselines3 in scripts of one's own: one environment or several, and with its callbacks."""

import subprocess
import sys

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from sb3_contrib import MaskablePPO
from sb3_contrib.common.maskable.utils import get_action_masks, is_masking_supported
from stable_baselines3 import DQN, PPO
from stable_baselines3.common.callbacks import EvalCallback
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv

from agents import VecEnvAdapter
from search_spaces import InvalidValue
from tests._small import ID, LENGTH, TINY, Maker


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return tmp_path_factory.mktemp("store") / "evaluations.sqlite"


@pytest.fixture
def make(kept):
    make = Maker(kept)
    yield make
    make.close()


def test_importing_the_agents_does_not_import_sb3():
    program = (
        "import sys, agents\n"
        "assert 'stable_baselines3' not in sys.modules\n"
        "assert agents.VecEnvAdapter.__name__ == 'VecEnvAdapter'\n"
        "assert 'stable_baselines3' in sys.modules\n"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_the_adapter_gives_what_sb3s_own_gives(make):
    """Observations, rewards, ends and infos of the same actions, over two episodes."""
    vec_env = VecEnvAdapter(make(2))
    theirs = DummyVecEnv([lambda: Monitor(gymnasium.make(ID, **TINY)) for _ in range(2)])
    rng = np.random.default_rng(0)
    one, other = vec_env.reset(), theirs.reset()
    for _ in range(2 * LENGTH):
        assert one.keys() == other.keys()
        assert all(np.array_equal(one[key], other[key]) for key in one)
        assert np.array_equal(get_action_masks(vec_env), get_action_masks(theirs))
        actions = rng.integers(4, size=2) % 3
        one, rewards, dones, infos = vec_env.step(actions)
        other, their_rewards, their_dones, their_infos = theirs.step(actions)
        assert rewards.dtype == their_rewards.dtype and np.array_equal(rewards, their_rewards)
        assert np.array_equal(dones, their_dones)
        for info, their_info in zip(infos, their_infos, strict=True):
            assert info.keys() - {"return"} == their_info.keys()
            if "episode" in info:
                assert info["return"] == pytest.approx(info["episode"]["r"], abs=1e-6)
                assert info["episode"]["l"] == their_info["episode"]["l"] == LENGTH
                assert info["episode"]["r"] == pytest.approx(their_info["episode"]["r"], abs=1e-6)
                assert info["evaluation"] == their_info["evaluation"]
                ends = info["terminal_observation"], their_info["terminal_observation"]
                assert all(np.array_equal(ends[0][key], ends[1][key]) for key in ends[0])
    theirs.close()


def test_what_the_adapter_answers(make):
    vec_env = VecEnvAdapter(make(3, render_mode="rgb_array"))
    vec_env.reset()
    assert is_masking_supported(vec_env) and not vec_env.has_attr("nothing")
    assert vec_env.env_method("action_masks", indices=[1])[0].dtype == bool
    assert len(vec_env.get_attr("search_space")) == 3
    assert vec_env.env_is_wrapped(Monitor) == [True] * 3
    assert vec_env.env_is_wrapped(gymnasium.Wrapper, indices=0) == [False]
    assert vec_env.render().ndim == 3
    vec_env.set_options({"layers": 1})
    vec_env.reset()
    assert [vec_env.step(np.zeros(3, dtype=int))[2].all() for _ in range(3)] == [False, False, True]
    vec_env.set_options([{"layers": 1}, {"layers": 2}, {"layers": 1}])
    with pytest.raises(InvalidValue, match="expected one for all episodes"):
        vec_env.reset()
    with pytest.raises(InvalidValue, match="SAME_STEP"):
        VecEnvAdapter(make(2, autoreset_mode=AutoresetMode.NEXT_STEP))


@pytest.mark.parametrize("algorithm", [PPO, MaskablePPO, DQN])
def test_sb3_learns_on_one_environment_and_on_several(make, algorithm):
    for env in (make(1), VecEnvAdapter(make(2))):
        shape = {"learning_starts": 5} if algorithm is DQN else {"n_steps": LENGTH}
        model = algorithm("MultiInputPolicy", env, batch_size=7, device="cpu", **shape)
        model.learn(3 * LENGTH)
        assert len(model.ep_info_buffer) in (2, 3, 4)
        assert model.ep_info_buffer[0]["l"] == LENGTH


@pytest.mark.filterwarnings("error::UserWarning")
@pytest.mark.filterwarnings("ignore:Training and eval env are not of the same type")
def test_eval_callback_trains_children_of_its_own(make, tmp_path):
    store = tmp_path / "evaluations.sqlite"
    train, evaluation = (make(1, store=store) for _ in range(2))
    callback = EvalCallback(Monitor(evaluation), n_eval_episodes=1, eval_freq=LENGTH, verbose=0)
    model = PPO("MultiInputPolicy", train, n_steps=LENGTH, batch_size=LENGTH, device="cpu")
    model.learn(2 * LENGTH, callback)
    problem = train.unwrapped.problem
    rewards = [problem.objective.reward(e) for _, e in problem.store.evaluations()]
    best = pytest.approx(callback.best_mean_reward, abs=1e-6)
    assert any(reward == best for reward in rewards)
    mean, _ = evaluate_policy(model, VecEnvAdapter(make(2)), n_eval_episodes=2)
    assert np.isfinite(mean)


SCRIPT = f"""
import glob
import gymnasium
import wandb
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import CallbackList, CheckpointCallback
from wandb.integration.sb3 import WandbCallback

if __name__ == "__main__":
    run = wandb.init(project="test", sync_tensorboard=True, dir=".")
    env = gymnasium.make("{ID}", **{TINY})
    model = PPO("MultiInputPolicy", env, n_steps=14, batch_size=14, tensorboard_log="tb")
    model.learn(28, CallbackList([WandbCallback(), CheckpointCallback(14, "checkpoints")]))
    run.finish()
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    events = EventAccumulator(glob.glob("tb/*")[0])
    events.Reload()
    assert len(events.Scalars("rollout/ep_rew_mean")) == 2
    assert len(glob.glob("wandb/offline-run-*")) == 1 and len(glob.glob("checkpoints/*")) == 2
"""


def test_tensorboard_and_wandb_follow_a_script(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    (tmp_path / "script.py").write_text(SCRIPT)
    subprocess.run([sys.executable, "script.py"], cwd=tmp_path, check=True)
