"""Learners of other libraries meet the environment as it is, and respect its masks."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import gymnasium
import numpy as np
import pytest
import torch
from stable_baselines3.common.buffers import ReplayBuffer
from torch import nn

ROOT = Path(__file__).parent.parent
TABLE = "nas_env:NAS-Bench-Digits-v0"

# What each library makes of the environment as it is, then the example. Each is a program of its
# own, because TorchRL changes how the processes of a program are started.
PROGRAMS = {
    "torchrl": """
import sys
import torch
from torchrl.envs import GymEnv, check_env_specs
from examples import torchrl_ppo

env = GymEnv("nas_env:NAS-Bench-Digits-v0")  # asks for a frame skip first
check_env_specs(env)
data = env.rollout(20)
assert data["tokens"].shape == (9, 27) and data["tokens"].dtype == torch.float32
assert (data["next", "tokens"].sum(dim=1) == torch.arange(1, 10)).all()
data = torchrl_ppo.make_env("nas_env:NAS-Digits-v0").rollout(17)
assert not data["action_mask"].all()
assert data["action_mask"].gather(1, data["action"][:, None]).all()
assert data["observation"].dtype == torch.float32
sys.argv = ["", "--rollouts", "1", "--episodes", "2"]
torchrl_ppo.main()
""",
    "tianshou": """
import sys
import gymnasium
import numpy as np
from gymnasium.spaces import Discrete
from tianshou.algorithm.random import MARLRandomDiscreteMaskedOffPolicyAlgorithm
from tianshou.data import Collector, VectorReplayBuffer
from tianshou.env import DummyVectorEnv
from examples import tianshou_dqn

env = tianshou_dqn.MaskInObservation(gymnasium.make("nas_env:NAS-Digits-v0", observation="flat"))
random = MARLRandomDiscreteMaskedOffPolicyAlgorithm(action_space=env.action_space)
buffer = VectorReplayBuffer(17, 1)
collector = Collector(random, DummyVectorEnv([lambda: env]), buffer)
collector.reset()
collector.collect(n_step=17)
masks = buffer.obs.mask
assert not masks.all() and masks[np.arange(17), buffer.act].all()
assert buffer.obs.obs.dtype == np.float32
sys.argv = ["", "--epochs", "1"]
tianshou_dqn.main()
""",
    "ray": """
import sys
import ray
from ray.rllib.algorithms.ppo import PPOConfig
from examples import rllib_ppo

config = PPOConfig().environment("nas_env:NAS-Bench-Digits-v0", env_config={"observation": "flat"})
config = config.env_runners(num_env_runners=0).training(
    train_batch_size_per_learner=36, minibatch_size=18, num_epochs=1
)
algorithm = config.build_algo()
print(algorithm.train()["env_runners"]["episode_return_mean"])
algorithm.stop()
sys.argv = ["", "--env", "nas_env:NAS-Digits-v0", "--iterations", "1", "--steps", "144"]
rllib_ppo.main()
""",
}


#: Plain Ray has no RLlib; what comes with RLlib alone tells them apart.
NEEDED = {"ray": "tree"}


@pytest.mark.parametrize("library", PROGRAMS)
def test_a_library_learns_from_the_environment(library):
    if find_spec(NEEDED.get(library, library)) is None:
        pytest.skip(f"{library} is not installed, or not whole")
    command = [sys.executable, "-c", PROGRAMS[library]]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert re.search(r"(reward|return) \D*\d", done.stdout.splitlines()[-1])


@pytest.mark.parametrize("atoms", [1, 11], ids=["DQN", "C51"])
def test_networks_take_what_a_replay_buffer_keeps(atoms):
    """As in CleanRL: a buffer keeps observations in the type of the space; nobody converts them."""
    env = gymnasium.make(TABLE, observation="flat")
    buffer = ReplayBuffer(9, env.observation_space, env.action_space, device="cpu")
    observation, _ = env.reset()
    for _ in range(9):
        action = env.action_space.sample()
        after, reward, terminated, _, info = env.step(action)
        buffer.add(observation, after, np.array(action), reward, terminated, [info])
        observation = after
    data = buffer.sample(9)
    network = nn.Linear(env.observation_space.shape[0], int(env.action_space.n) * atoms)
    chosen = data.actions.flatten()
    values = network(data.observations).view(9, -1, atoms)[torch.arange(9), chosen]
    ahead = network(data.next_observations).view(9, -1, atoms)
    if atoms == 1:
        target = data.rewards + (1 - data.dones) * ahead.amax(dim=1)
        loss = nn.functional.mse_loss(values, target.detach())
    else:
        support = torch.linspace(0, 1, atoms)
        best = (ahead.softmax(dim=2) * support).sum(dim=2).argmax(dim=1)
        moved = (data.rewards + (1 - data.dones) * support).clamp(0, 1) * (atoms - 1)
        nearest = nn.functional.one_hot(moved.round().long(), atoms).float()  # (9, atoms, atoms)
        target = torch.einsum("bi,bij->bj", ahead.softmax(dim=2)[torch.arange(9), best], nearest)
        loss = nn.functional.cross_entropy(values, target.detach())
    loss.backward()
    assert network.weight.grad.isfinite().all()


def test_what_the_page_shows_is_in_the_scripts():
    page = (ROOT / "docs" / "libraries.md").read_text()
    scripts = [path.read_text() for path in (ROOT / "examples").glob("*.py")]
    flush = [re.sub(r"^ +", "", script, flags=re.MULTILINE) for script in scripts]
    blocks = re.findall(r"^```python no-run\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 5
    for block in blocks:
        lines = re.sub(r"^ +", "", block, flags=re.MULTILINE)
        assert any(lines in script for script in flush), block
