"""Fits the layers of a child that take numbers from the training images."""

from __future__ import annotations

from torch import nn

from nas_env.training.augmentation import Views
from search_spaces import FittedToImages

#: The most images that a layer is fitted to (Jordan 2024, 2404.00498, section 3.1).
IMAGES = 5_000


class Fitted:
    """The layers of a child that are fitted to images, once they are.

    Args:
        child: Network before its first step.
        views: Images that it will be trained on.
    """

    def __init__(self, child: nn.Module, views: Views):
        layers = fitted_layers(child)
        if layers:
            images = views.plain(IMAGES)
            for layer in layers:
                layer.fit(images)
        self._beside = [p for layer in layers for p in layer.parameters() if p.requires_grad]

    def train(self, wanted: bool = True) -> None:
        """Let the layers train what they have beside what was fitted, or let them stay."""
        for parameter in self._beside:
            parameter.requires_grad_(wanted)


def fitted_layers(child: nn.Module) -> list[FittedToImages]:
    """Return the layers of a child that are fitted to the training images."""
    return [module for module in child.modules() if isinstance(module, FittedToImages)]
