"""A benchmark of someone outside the repository: a function, registered in a line."""

import numpy as np

import nas_env


def fitness(tokens, fidelity=9):
    """The share of ones, times ten; sequences of ones alone fail."""
    ones = tokens.mean(axis=1)
    return {
        "validation_fitness": np.where(ones == 1, np.nan, 10 * ones),
        "test_fitness": 10 * ones + 1,
        "seconds": 1.0 + tokens[:, 0],
        "parameters": tokens.sum(axis=1),
    }


def loss(tokens, fidelity, seed):
    """Ones are few where it is low; noise with a seed."""
    noise = 0 if seed is None else np.random.default_rng([seed, *tokens.sum(0)]).random()
    return {"validation_loss": tokens.sum(axis=1) / fidelity + noise}


def broken(tokens):
    """Return one number too few."""
    return {"validation_fitness": tokens[1:, 0]}


SPACE = {"name": "choices", "options": [2] * 6}
nas_env.register_function(
    "Ones-v0",
    space=SPACE,
    function="outside_function:fitness",
    metric="validation_fitness",
    fidelities=[1, 9],
    optimum=50 / 6,
    test_optimum=11.0,
)


# -- functions that break the contract -------------------------------------------------------------
RNG = np.random.default_rng(0)


def moody(tokens):
    """Noise without a seed."""
    return {"validation_fitness": RNG.random(len(tokens))}


def relative(tokens):
    """The value of a sequence depends on the others."""
    ones = tokens.mean(axis=1)
    return {"validation_fitness": ones / ones.max()}


def ordered(tokens):
    """The value of a sequence depends on its place."""
    return {"validation_fitness": np.arange(len(tokens))}


def hopeless(tokens):
    """Everything fails."""
    return {"validation_fitness": np.full(len(tokens), np.nan)}
