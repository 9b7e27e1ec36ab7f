"""The parts of asynchronous REINFORCE: shards, replicas, and where both run."""
