"""Statistics of networks: how far two orders agree, with intervals."""
