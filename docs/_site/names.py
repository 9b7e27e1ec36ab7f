"""Links names of other projects to their documentation.

Sphinx's own way, intersphinx, downloads each project's list of names at every build. The site is
built without a network, and those lists are megabytes; our docstrings name a few dozen classes. So
the pages are written here, by rules that the projects keep.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes

ROOT = Path(__file__).parents[2]
PYTHON = "https://docs.python.org/3/library/"
NUMPY = "https://numpy.org/doc/stable/reference/"
TORCH = "https://docs.pytorch.org/docs/stable/"
GYMNASIUM = "https://gymnasium.farama.org/api/"
SB3 = "https://stable-baselines3.readthedocs.io/en/master/"
CONTRIB = "https://sb3-contrib.readthedocs.io/en/master/"
RECURRENT = "sb3_contrib.ppo_recurrent"

#: Names, and the pages on which they are; the anchor is the name.
PAGES = {
    **dict.fromkeys(
        ("bool", "float", "int", "object", "type", "property"), f"{PYTHON}functions.html"
    ),
    **dict.fromkeys(
        ("bytes", "dict", "frozenset", "list", "set", "str", "tuple"), f"{PYTHON}stdtypes.html"
    ),
    "None": f"{PYTHON}constants.html",
    "concurrent.futures.Future": f"{PYTHON}concurrent.futures.html",
    "concurrent.futures._base.Future": f"{PYTHON}concurrent.futures.html",
    "numpy.random.Generator": f"{NUMPY}random/generator.html",
    "torch.Tensor": f"{TORCH}tensors.html",
    "torch.device": f"{TORCH}tensor_attributes.html",
    "torch.dtype": f"{TORCH}tensor_attributes.html",
    "gymnasium.Env": f"{GYMNASIUM}env/",
    "gymnasium.make": f"{GYMNASIUM}registry/",
    "gymnasium.make_vec": f"{GYMNASIUM}vector/",
    "gymnasium.register": f"{GYMNASIUM}registry/",
    "gymnasium.spec": f"{GYMNASIUM}registry/",
    "gymnasium.envs.registration.EnvSpec": f"{GYMNASIUM}registry/",
    "gymnasium.spaces.Space": f"{GYMNASIUM}spaces/",
    "gymnasium.vector.VectorEnv": f"{GYMNASIUM}vector/",
    "gymnasium.vector.AutoresetMode": f"{GYMNASIUM}vector/",
    "rich.console.Console": "https://rich.readthedocs.io/en/stable/reference/console.html",
    **{
        f"stable_baselines3.{name}.{name.upper()}": f"{SB3}modules/{name}.html"
        for name in ("a2c", "dqn", "ppo")
    },
    "stable_baselines3.common.vec_env.base_vec_env.VecEnv": f"{SB3}guide/vec_envs.html",
    "sb3_contrib.ppo_mask.MaskablePPO": f"{CONTRIB}modules/ppo_mask.html",
    f"{RECURRENT}.RecurrentPPO": f"{CONTRIB}modules/ppo_recurrent.html",
}
#: Names that our annotations write in short, or by the module in which they are defined.
ALSO = {
    "Any": "typing.Any",
    "AutoresetMode": "gymnasium.vector.AutoresetMode",
    "Console": "rich.console.Console",
    "Path": "pathlib.Path",
    "PathLike": "os.PathLike",
    "VectorEnv": "gymnasium.vector.VectorEnv",
    "gymnasium.core.Env": "gymnasium.Env",
    "gymnasium.spaces.space.Space": "gymnasium.spaces.Space",
    "gymnasium.vector.vector_env.VectorEnv": "gymnasium.vector.VectorEnv",
    "nn.Module": "torch.nn.Module",
    "pathlib._local.Path": "pathlib.Path",
    "sb3_contrib.ppo_mask.ppo_mask.MaskablePPO": "sb3_contrib.ppo_mask.MaskablePPO",
    f"{RECURRENT}.ppo_recurrent.RecurrentPPO": f"{RECURRENT}.RecurrentPPO",
    "stable_baselines3.a2c.a2c.A2C": "stable_baselines3.a2c.A2C",
    "stable_baselines3.dqn.dqn.DQN": "stable_baselines3.dqn.DQN",
    "stable_baselines3.ppo.ppo.PPO": "stable_baselines3.ppo.PPO",
    "torch._C.Generator": "torch.Generator",
    "torch.nn.modules.module.Module": "torch.nn.Module",
}
#: Modules of the standard library; each has a page of its own.
STANDARD = (
    *("abc", "argparse", "collections", "collections.abc", "contextlib", "dataclasses", "datetime"),
    *("enum", "logging", "os", "pathlib", "random", "types", "typing"),
)
#: Packages of ours, and a part of them that the API reference leaves out.
OURS = ("agents.", "nas_env.", "search_spaces.")
LEFT_OUT = ("nas_env.data.",)


def page_of(name: str) -> str | None:
    """Return the address at which a name of another project is documented, if it is known.

    Example:
        >>> page_of("numpy.ndarray")
        'https://numpy.org/doc/stable/reference/generated/numpy.ndarray.html#numpy.ndarray'
    """
    name = ALSO.get(name, re.sub(r"^np\.", "numpy.", name))
    if page := PAGES.get(name):
        return f"{page}#{name}"
    module, _, _ = name.rpartition(".")
    if module in STANDARD:
        return f"{PYTHON}{module}.html#{name}"
    if not module and name in dir(__import__("builtins")):
        return f"{PYTHON}exceptions.html#{name}"
    if re.fullmatch(r"numpy\.\w+", name):
        return f"{NUMPY}generated/{name}.html#{name}"
    if re.match(r"torch\.[\w.]+$", name):
        return f"{TORCH}generated/{name}.html#{name}"
    return None


def is_inner(name: str) -> bool:
    """Return whether a name of ours has no page.

    A part of it begins with an underscore; or it is a short one, of a type that one of our modules
    has: annotations name such types.
    """
    if "." not in name:
        return name.startswith("_") or name in _defined()
    hidden = any(part.startswith("_") for part in name.split("."))
    return name.startswith(LEFT_OUT) or (hidden and name.startswith(OURS))


@cache
def _defined() -> frozenset[str]:
    """Return the names that our modules define."""
    files = [file for package in OURS for file in (ROOT / package.strip(".")).rglob("*.py")]
    begins = re.compile(r"^(?:class |def )?(\w+)(?: = |\(|:)", re.M)
    return frozenset(name for file in files for name in begins.findall(file.read_text()))


def resolve(app: Any, env: Any, node: Any, contents: Any) -> Any:
    """Return a link to the page of a name that is not ours; inner names stay as they are."""
    if node.get("refdomain") != "py":
        return None
    name = node["reftarget"]
    if page := page_of(name):
        return nodes.reference("", "", contents, refuri=page, internal=False)
    inherited = "." not in name and any(
        key.endswith(f".{name}") for key in env.domaindata["py"]["objects"]
    )
    return contents if inherited or is_inner(name) else None
