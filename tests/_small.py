"""Environments whose children cost milliseconds, for the tests of whole agents."""

import gymnasium

ID = "nas_env:NAS-Digits-v0"
#: 7 decisions, most of them of fewer options than the largest has, and so with closed actions.
TINY = {
    "layers": 2,
    "filter_sizes": [1, 3],
    "filters": [2, 3, 4],
    "task": {"name": "digits", "train_size": 32, "validation_size": 32},
    "recipe": {"epochs": 1},
    "device": "cpu",
}
LENGTH = 7


class Maker:
    """Makes environments of a number of episodes at once, and closes them.

    Args:
        store: A file of evaluations, so that no child is trained twice.
    """

    def __init__(self, store):
        self.store, self.made = store, []

    def __call__(self, count, **changes):
        if count > 1:
            return self.vector(count, **changes)
        self.made.append(gymnasium.make(ID, **{**TINY, "store": self.store, **changes}))
        return self.made[-1]

    def vector(self, count, **changes):
        keywords = {**TINY, "store": self.store, **changes}
        way = {"vectorization_mode": "vector_entry_point", "num_envs": count}
        self.made.append(gymnasium.make_vec(ID, **way, **keywords))
        return self.made[-1]

    def close(self):
        for env in self.made:
            env.close()
