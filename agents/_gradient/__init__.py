"""The base of agents by policy gradient: baselines, advantages, the step."""
