"""How a child is trained: frozen settings that go to JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Literal, Self

import torch

from search_spaces._settings import at_least, at_most, between


@dataclass(frozen=True)
class Recipe:
    """What every recipe has; a kind of child adds its own."""

    #: The function that trains by this recipe, as ``package.module:NAME``.
    engine: ClassVar[str]

    def resolved(self, device: str) -> Recipe:
        """The recipe with nothing left to decide on a kind of device (``"cpu"``, ``"cuda"``)."""
        return self

    @cached_property
    def spec(self) -> dict[str, Any]:
        """The recipe as plain JSON values."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }


class ChildRecipe(Recipe):
    """What the recipes have in common by which a child is really trained.

    No dataclass itself: the fields are a member's own, so that they are listed in its order.
    """

    epochs: int
    precision: Literal["auto", "float32", "bfloat16"]
    #: CPU threads of one child.
    threads: int

    def resolved(self, device: str) -> Self:
        """The recipe with its precision decided."""
        if self.precision != "auto":
            return self
        return replace(self, precision="bfloat16" if fast_bfloat16(device) else "float32")

    @property
    def autocast(self) -> torch.dtype | None:
        """The type that autocast runs in, None where everything is float32."""
        return torch.bfloat16 if self.precision == "bfloat16" else None


@dataclass(frozen=True)
class ImageRecipe(ChildRecipe):
    """How a child is trained on images; the defaults are the paper's (section 4.1).

    What the paper leaves open: batch size and learning-rate schedule are DenseNet's (1608.06993),
    whose recipe it says its networks use; whitening is per channel (``"image"`` is the other
    reading: TensorFlow called the standardisation of each single image by that word in 2016);
    validation images are centre crops of the up-sampled ones, which keeps the scale that the
    child was trained at.

    Attributes:
        epochs: Passes over the training images, or over as many of them as ``images`` says.
        images: Images of one epoch at most, drawn anew for each; None for all.
        batch_size: Images a step; an epoch's incomplete last batch is left out.
        learning_rate: At its highest.
        momentum: Of SGD.
        nesterov: Nesterov's momentum.
        weight_decay: L2, on every parameter.
        schedule: How the learning rate goes: ``"step"`` (times ``decay_factor`` at each of
            ``decay_points``), ``"one_cycle"`` (linear up during the first 30%, cosine down to 0),
            ``"cosine"`` or ``"constant"``.
        decay_points: Fractions of the training at which ``"step"`` lowers the rate.
        decay_factor: By which it does.
        label_smoothing: Share of the target that is spread evenly over all classes (Szegedy et al.
            2016, 1512.00567, section 7).
        resolution: Longer side in pixels to which all images are reduced by averaging areas,
            before anything else; 0 leaves them. Half the side costs a quarter of the time.
        upsample: Side in pixels to which images are enlarged before a random crop of their own
            size is taken; 0 leaves them.
        padding: Black pixels added on each side of a training image before that crop.
        flip: Mirror half of the training images left to right.
        whitening: ``"channel"``: mean and deviation of the training images, per channel;
            ``"image"``: of each image by itself.
        validation_view: ``"crop"``: the centre of the enlarged image; ``"original"``.
        precision: ``"bfloat16"`` runs convolutions in it by autocast; ``"auto"`` takes it where
            it is fast: on CUDA, and on a CPU with instructions for it.
        threads: CPU threads of one child; one makes the numbers the same on every machine of a
            kind.
    """

    epochs: int = 50
    images: int | None = None
    batch_size: int = 64
    learning_rate: float = 0.1
    momentum: float = 0.9
    nesterov: bool = True
    weight_decay: float = 1e-4
    schedule: Literal["step", "one_cycle", "cosine", "constant"] = "step"
    decay_points: tuple[float, ...] = (0.5, 0.75)
    decay_factor: float = 0.1
    label_smoothing: float = 0.0
    resolution: int = 0
    upsample: int = 40
    padding: int = 0
    flip: bool = True
    whitening: Literal["channel", "image"] = "channel"
    validation_view: Literal["crop", "original"] = "crop"
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    threads: int = 1

    engine: ClassVar[str] = "nas_env.training.images:train"

    def __post_init__(self) -> None:
        at_least(self, epochs=1, images=2, batch_size=2, threads=1, upsample=0, padding=0)
        at_least(self, resolution=0)
        at_most(self, epochs=100_000, batch_size=1_000_000, threads=1_024, upsample=4_096)
        at_most(self, padding=1_024)
        at_least(self, learning_rate=0, weight_decay=0, decay_factor=0)
        between(self, 0, 1, "momentum", "label_smoothing")


def fast_bfloat16(device: str) -> bool:
    """Whether a kind of device computes faster in bfloat16 than in float32.

    A torch that cannot tell what the CPU has gets float32.
    """
    if device == "cuda":
        return True
    capabilities = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
