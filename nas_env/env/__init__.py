"""The environments: for one episode, and for many that step together."""
