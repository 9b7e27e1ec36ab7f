"""Agents: one file per member. They play the environment through Gymnasium's API alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from agents._base import Advance, Agent, AgentConfig, AgentFailed, State
from agents._proposals import Episode, Proposal
from agents._repeats import Proposer, ProposerConfig
from search_spaces import UnknownName, _catalogue
from search_spaces._settings import from_mapping, named

if TYPE_CHECKING:
    from agents._sb3.vec_env_adapter import VecEnvAdapter

__all__ = [
    "Advance",
    "Agent",
    "AgentConfig",
    "AgentFailed",
    "Episode",
    "Proposal",
    "Proposer",
    "ProposerConfig",
    "State",
    "VecEnvAdapter",
    "agent_class",
    "agent_names",
    "make_agent",
    "make_config",
    "make_environment",
]


def agent_names() -> tuple[str, ...]:
    """Return the names of the agents that ship with the package.

    Example:
        >>> "reinforce" in agent_names()
        True
    """
    return _catalogue.names("agents")


def agent_class(name: str) -> type[Agent]:
    """Return the class of an agent, named by its file or as ``package.module:NAME``."""
    return _catalogue.load("agents", name, Agent)


def make_config(spec: str | Mapping[str, Any]) -> tuple[str, AgentConfig]:
    """Return an agent's name and its configuration.

    Args:
        spec: The name; or a mapping of ``name``, ``preset`` and settings that differ from it.

    Raises:
        UnknownName: If there is no such agent, preset or setting.
        InvalidValue: If a setting's value is wrong.

    Example:
        >>> make_config({"name": "reinforce", "preset": "paper"})[1].learning_rate
        0.0006
    """
    name, settings = named(spec, "agent")
    cls = agent_class(name)
    preset = settings.pop("preset", "default")
    if preset not in cls.presets:
        raise UnknownName(f"preset of {name}", str(preset), cls.presets)
    base = asdict(cls.presets[preset])
    return name, from_mapping(cls.config_class, {**base, **settings}, f"setting of {name}")


def make_environment(
    spec: str | Mapping[str, Any], id: str, episodes: int | None = None, **settings: Any
) -> Any:
    """Make the vector environment that an agent plays.

    Args:
        spec: Spec of the agent, as for :func:`make_config`.
        id: Id of the environment.
        episodes: Budget of the search; no more episodes are played at once.
        **settings: Further keyword arguments of the environment.
    """
    import gymnasium

    config = make_config(spec)[1]
    count = config.batch_size if episodes is None else min(config.batch_size, episodes)
    how = {"num_envs": count, "vectorization_mode": "vector_entry_point"}
    return gymnasium.make_vec(id, **how, **settings)


def make_agent(spec: str | Mapping[str, Any], environment: Any, seed: int = 0) -> Agent:
    """Make an agent that plays a vector environment of ``config.batch_size`` episodes."""
    name, config = make_config(spec)
    return agent_class(name)(environment, config, seed)


def __getattr__(name: str) -> Any:
    """Import the adapter to Stable-Baselines3 when it is first asked for."""
    if name == "VecEnvAdapter":
        from agents._sb3.vec_env_adapter import VecEnvAdapter

        return VecEnvAdapter
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
