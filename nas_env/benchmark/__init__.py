"""The comparison of agents: ``nas-benchmark run``, ``report`` and further commands, one a file."""
