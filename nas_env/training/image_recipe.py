"""The recipe of images: the settings by which a child that classifies them is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from torch import nn

from nas_env.training.batch_norms import set_batch_norms
from nas_env.training.recipe import ChildRecipe
from search_spaces import InvalidValue
from search_spaces._settings import above, at_least, at_most, between


@dataclass(frozen=True)
class ImageRecipe(ChildRecipe):
    """The settings of training on images; the defaults are the paper's (section 4.1).

    Where the paper leaves something open, these choices are made. Batch size and learning-rate
    schedule are those of DenseNet (1608.06993), whose recipe the paper says it follows. Whitening
    is per channel; ``"image"`` is the other reading, since in 2016 TensorFlow used this word for
    standardising each single image. Validation images are centre crops of the enlarged ones, which
    keeps the scale at which the child was trained.

    Attributes:
        epochs: Passes over the training images, or over as many of them as ``images`` says.
        images: Images of one epoch at most, drawn anew for each; None for all.
        batch_size: Images a step; an epoch's incomplete last batch is left out.
        learning_rate: Learning rate at its highest point.
        momentum: Momentum of SGD.
        nesterov: Use Nesterov's momentum.
        weight_decay: Weight of the L2 penalty on every parameter.
        schedule: Course of the learning rate: ``"step"`` (times ``decay_factor`` at each of
            ``decay_points``), ``"one_cycle"`` (linear up during the first 30%, cosine down to 0),
            ``"triangular"`` (linear up from a fifth during ``warm_up``, linear down to
            ``final_rate``: Jordan 2024, 2404.00498), ``"cosine"`` or ``"constant"``.
        decay_points: Fractions of the training at which ``"step"`` lowers the rate.
        decay_factor: Factor by which ``"step"`` lowers the rate.
        label_smoothing: Share of the target that is spread evenly over all classes (Szegedy et al.
            2016, 1512.00567, section 7).
        resolution: Longer side in pixels to which all images are reduced by averaging areas,
            before anything else; 0 leaves them. Half the side costs a quarter of the time.
        upsample: Side in pixels to which images are enlarged before a random crop of their own
            size is taken; 0 leaves them.
        padding: Pixels added on each side of a training image before that crop, black unless
            ``reflect`` says otherwise.
        flip: Mirror half of the training images left to right.
        whitening: ``"channel"``: mean and deviation of the training images, per channel;
            ``"image"``: of each image by itself.
        validation_view: ``"crop"``: the centre of the enlarged image; ``"original"``.
        precision: ``"bfloat16"`` runs convolutions in it by autocast, and orthogonal steps;
            ``"auto"`` takes it where it is fast: on CUDA, and on a CPU with instructions for it.
        threads: CPU threads of one child; one makes the numbers the same on every machine of a
            kind.
        warm_up: Share of the training during which ``"triangular"`` raises the rate.
        final_rate: Share of the highest rate at which ``"triangular"`` ends.
        bias_rate: Factor of the rate of the biases of batch normalisations; their decay a step
            stays the same (Jordan 2024, 2404.00498, section 3.4, has 64).
        decay_vectors: Decay every parameter; otherwise neither biases nor the scales of batch
            normalisations (He et al. 2019, 1812.01187, section 3.1).
        batch_norm_epsilon: Number added to the variance in a batch normalisation, a choice of the
            paper's final training (section 4.1); None for the network's own, 1e-5.
        batch_norm_momentum: Share of the newest batch in the running mean and variance by which
            a validation normalises; None for the network's own, 0.1.
        averaging: Decay a step of a running average of the weights (Polyak & Juditsky 1992), with
            which the network is validated and left at the end; 0 for none. The average of the
            first steps is of fewer of them: see :class:`~nas_env.training.averaging.Average`.
        alternate_flip: Mirror an image in every other epoch, from the first or the second on by
            chance, and not by chance each time (Jordan 2024, 2404.00498, section 3.6); does nothing
            without ``flip``.
        cutout: Side in pixels of a square of each training image that is set to the mean; it lies
            at random and may stick out of the image (DeVries & Taylor 2017, 1708.04552). 0 for
            none.
        validation_flip: Classify a validation image by the mean of the logits of it and of its
            mirror image (Krizhevsky et al. 2012, section 4.1, took such views).
        validation_shift: Classify it by its logits, and as much of those of two views that are
            shifted by so many pixels, up and left, and down and right (Jordan 2024, 2404.00498,
            section 3.5, has 1); 0 for none.
        reflect: Fill the pixels that ``padding`` adds with the image's own, mirrored at its edge,
            instead of black (Jordan 2024, 2404.00498, section 2).
        lookahead: Steps after which the weights are drawn back to slow ones, which follow them
            (Zhang et al. 2019, 1907.08610), as :class:`~nas_env.training.averaging.Lookahead`
            does; 0 for never.
        lookahead_decay: Decay a step of the slow weights at the end of the training (Jordan 2024,
            2404.00498, section 3.4).
        fitted_epochs: Epochs during which a layer that is fitted to the images (see
            :class:`search_spaces.FittedToImages`) trains what it has beside; None for all (Jordan
            2024, 2404.00498, section 3.1, trains the bias of a whitening for 3).
        filter_rate: Highest rate of the filters of convolutions where these take the orthogonal
            steps of :class:`~nas_env.training.muon.Muon` (Jordan et al. 2024); 0 for SGD.
        filter_momentum: Momentum of such steps.
        first_resolution: Longer side in pixels to which training images are reduced at first, by
            averaging areas; it then grows (Tan & Le 2021, 2104.00298, section 4). 0 for none.
        growth: Share of the training during which it grows to the images' own.
        compile: Compile the network by ``torch.compile`` first, which takes up to a minute, and on
            a GPU makes each step shorter; a CPU needs a C++ compiler for it.
    """

    epochs: int = 50
    images: int | None = None
    batch_size: int = 64
    learning_rate: float = 0.1
    momentum: float = 0.9
    nesterov: bool = True
    weight_decay: float = 1e-4
    schedule: Literal["step", "one_cycle", "triangular", "cosine", "constant"] = "step"
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
    warm_up: float = 0.23
    final_rate: float = 0.07
    bias_rate: float = 1.0
    decay_vectors: bool = True
    batch_norm_epsilon: float | None = None
    batch_norm_momentum: float | None = None
    averaging: float = 0.0
    alternate_flip: bool = False
    cutout: int = 0
    validation_flip: bool = False
    validation_shift: int = 0
    reflect: bool = False
    lookahead: int = 0
    lookahead_decay: float = 0.95
    fitted_epochs: int | None = None
    filter_rate: float = 0.0
    filter_momentum: float = 0.6
    first_resolution: int = 0
    growth: float = 0.5
    compile: bool = False

    engine: ClassVar[str] = "nas_env.training.images:train"
    continues: ClassVar[bool] = True
    later: ClassVar[frozenset[str]] = frozenset(
        {
            "warm_up",
            "final_rate",
            "bias_rate",
            "decay_vectors",
            "batch_norm_epsilon",
            "batch_norm_momentum",
            "averaging",
            "alternate_flip",
            "cutout",
            "validation_flip",
            "validation_shift",
            "reflect",
            "lookahead",
            "lookahead_decay",
            "fitted_epochs",
            "filter_rate",
            "filter_momentum",
            "first_resolution",
            "growth",
            "compile",
        }
    )

    def __post_init__(self) -> None:
        at_least(self, epochs=1, images=2, batch_size=2, threads=1, upsample=0, padding=0)
        at_least(self, resolution=0, cutout=0, final_rate=0)
        at_least(
            self,
            validation_shift=0,
            lookahead=0,
            fitted_epochs=0,
            filter_rate=0,
            first_resolution=0,
        )
        above(self, batch_norm_epsilon=0, batch_norm_momentum=0, bias_rate=0, growth=0)
        at_most(self, epochs=100_000, batch_size=1_000_000, threads=1_024, upsample=4_096)
        at_most(self, padding=1_024, final_rate=1, batch_norm_momentum=1, growth=1)
        at_least(self, learning_rate=0, weight_decay=0, decay_factor=0)
        between(self, 0, 1, "momentum", "label_smoothing", "warm_up", "averaging")
        between(self, 0, 1, "lookahead_decay", "filter_momentum")
        above(self, **({"learning_rate": 0} if self.filter_rate else {}))
        if self.averaging and self.lookahead:
            raise InvalidValue(f"averaging is {self.averaging}, expected 0 beside a lookahead")

    def steps_an_epoch(self, examples: int) -> int:
        """Return the number of whole batches; of fewer images than one, it is one smaller batch.

        Example:
            >>> [ImageRecipe(batch_size=64).steps_an_epoch(images) for images in (640, 700, 5)]
            [10, 10, 1]
        """
        return max(1, min(examples, self.images or examples) // self.batch_size)

    def examples_of(self, steps: int) -> int:
        """Return the images of so many batches."""
        return steps * self.batch_size

    @property
    def most_pieces(self) -> int:
        """The number of parts of two images, since a part is normalised by several."""
        return max(1, self.batch_size // 2)

    def set_up(self, network: nn.Module) -> None:
        """Set the numbers of the batch normalisations, where the recipe has them."""
        set_batch_norms(network, self.batch_norm_epsilon, self.batch_norm_momentum)

    def shorter(self) -> dict[str, Any]:
        """Return half the epochs, or half the images of one where they are limited."""
        limited = {} if self.images is None else {"images": max(2, self.images // 2)}
        return {**super().shorter(), **limited}
