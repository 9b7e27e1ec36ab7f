"""The base of agents by Stable-Baselines3, the adapter and the recorder."""
