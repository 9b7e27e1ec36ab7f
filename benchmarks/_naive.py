"""The training loop that a careful user writes today, with which the engine is compared.

Each sample is a PIL image, as torchvision's datasets give it, and passes through torchvision's
transforms; a DataLoader makes batches. Float32, the default memory format, torch's own optimiser.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from nas_env.training.augmentation import ImageData
from nas_env.training.image_recipe import ImageRecipe
from nas_env.training.schedules import schedule


class Samples(Dataset):
    """Images and labels as ``torchvision.datasets.CIFAR10`` keeps and gives them.

    Args:
        images: uint8 (n, height, width, channels).
        labels: int64 (n,).
        transform: A function from a PIL image to a float tensor (channels, height, width).
    """

    def __init__(self, images: Tensor, labels: Tensor, transform: Any):
        self.images, self.labels = images.squeeze(-1).numpy(), labels.tolist()
        self.transform = transform

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.transform(Image.fromarray(self.images[index])), self.labels[index]


def train(
    child: nn.Module, data: ImageData, recipe: ImageRecipe, *, loaders: int = 0
) -> list[float]:
    """Train a child by a recipe that whitens channels and enlarges the images at most once.

    Args:
        child: A network with its first weights, on the device on which it is to be trained.
        data: Images and labels on the CPU.
        recipe: The recipe, whose ``precision`` and ``threads`` are ignored.
        loaders: Number of processes that load images; on two cores they make it slower.

    Returns:
        The validation accuracy, a fraction, after each epoch.
    """
    device = next(child.parameters()).device
    _, validation = _transforms(data, recipe)
    batches = _training_batches(data, recipe, loaders, device.type == "cuda")
    held_out = DataLoader(Samples(data.validation_images, data.validation_labels, validation), 1000)
    optimiser = torch.optim.SGD(
        child.parameters(),
        recipe.learning_rate,
        recipe.momentum,
        nesterov=recipe.nesterov,
        weight_decay=recipe.weight_decay,
    )
    factor, steps = schedule(recipe), len(batches) * recipe.epochs
    rates = LambdaLR(optimiser, lambda step: factor(min(step / steps, 1.0)))
    accuracies = []
    for _ in range(recipe.epochs):
        child.train()
        for images, labels in batches:
            images, labels = images.to(device, non_blocking=True), labels.to(device)
            loss = functional.cross_entropy(child(images), labels)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            rates.step()
        accuracies.append(_accuracy(child, held_out))
    return accuracies


@lru_cache(maxsize=1)
def _training_batches(data: ImageData, recipe: ImageRecipe, loaders: int, pin: bool) -> DataLoader:
    """Return the loader of the training images, whose processes serve one child after the other.

    A process of the benchmark starts them anew, with an import of torch; a script would fork them.
    """
    training, _ = _transforms(data, recipe)
    return DataLoader(
        Samples(data.train_images, data.train_labels, training),
        recipe.batch_size,
        shuffle=True,
        drop_last=True,
        num_workers=loaders,
        persistent_workers=loaders > 0,
        pin_memory=pin,
    )


@torch.no_grad()
def _accuracy(child: nn.Module, batches: DataLoader) -> float:
    child.eval()
    device = next(child.parameters()).device
    right = [
        (child(images.to(device)).argmax(dim=1).cpu() == labels).float()
        for images, labels in batches
    ]
    return torch.cat(right).mean().item()


def _transforms(data: ImageData, recipe: ImageRecipe) -> tuple[Any, Any]:
    """Return the transforms of training images and of validation images."""
    size = tuple(data.train_images.shape[1:3])
    whitened = [transforms.ToTensor(), transforms.Normalize(*_moments(data.train_images))]
    enlarged = [transforms.Resize(recipe.upsample)] if recipe.upsample else []
    random = [transforms.RandomCrop(size)] if recipe.upsample else []
    random += [transforms.RandomHorizontalFlip()] if recipe.flip else []
    middle = [transforms.CenterCrop(size)] if recipe.upsample else []
    return (
        transforms.Compose([*enlarged, *random, *whitened]),
        transforms.Compose([*enlarged, *middle, *whitened]),
    )


@lru_cache(maxsize=1)
def _moments(images: Tensor) -> tuple[list[float], list[float]]:
    """Mean and deviation of each channel, in fractions of white."""
    pixels = images.numpy().reshape(-1, images.shape[-1]).astype(np.float64) / 255
    return pixels.mean(axis=0).tolist(), pixels.std(axis=0).tolist()
