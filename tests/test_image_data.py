"""Images of a shared read-only map: chosen by rows, read batch by batch, never copied whole."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from nas_env.training import augmentation, rows
from nas_env.training import mapped as mapping
from nas_env.training.augmentation import ImageData, Views, moments
from nas_env.training.image_recipe import ImageRecipe
from nas_env.training.images import train
from nas_env.training.mapped import Pages
from nas_env.training.rows import Rows, shared
from search_spaces.convolutional import ConvolutionalSpace

CPU = torch.device("cpu")
PLAIN = {"epochs": 1, "batch_size": 16, "precision": "float32", "upsample": 0}
CHANGES = {
    "as they are": {},
    "padded": {"padding": 2},
    "reduced": {"resolution": 7, "upsample": 9},
    "enlarged": {"upsample": 17, "whitening": "image"},
    "original": {"resolution": 7, "upsample": 9, "validation_view": "original"},
}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def mapped(tmp_path):
    """Images of a map and the same as tensors of each split: 100 of 10 x 14 pixels in 3 classes."""
    random = np.random.default_rng(0)
    pixels = np.memmap(tmp_path / "pixels", np.uint8, "w+", shape=(100, 10, 14, 3))
    pixels[:] = random.integers(256, size=pixels.shape, dtype=np.uint8)
    pixels.flush()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        images = shared(np.memmap(tmp_path / "pixels", np.uint8, "r", shape=pixels.shape))
    labels = torch.arange(100) % 3
    order = torch.from_numpy(random.permutation(100))
    rows, held_out = order[:60], order[60:95]
    chosen = labels[rows], labels[held_out]
    map = ImageData(images, chosen[0], images, chosen[1], rows, held_out)
    return map, ImageData(images[rows], chosen[0], images[held_out], chosen[1])


def curves(data, recipe):
    space = ConvolutionalSpace(layers=1, filters=(4,), filter_sizes=(3,))
    torch.manual_seed(0)
    child = space.build(space.decode([0] * space.length()), (3, 10, 14), 3)
    return train(child, data, recipe, seed=0, device=CPU).curves


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
def test_a_map_gives_what_copies_give(mapped, changes):
    map, copies = mapped
    recipe = ImageRecipe(**{**PLAIN, **changes})
    assert curves(map, recipe) == curves(copies, recipe)
    assert map.sizes == copies.sizes == (60, 35)


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
def test_the_order_of_images_in_memory_changes_no_digit(mapped, changes):
    """Channels first, as those of CIFAR-10 come out of torchvision: a view of such memory."""
    _, copies = mapped
    first, other = (
        x.permute(0, 3, 1, 2).contiguous().permute(0, 2, 3, 1)
        for x in (copies.train_images, copies.validation_images)
    )
    assert not first.is_contiguous() and torch.equal(first, copies.train_images)
    recipe = ImageRecipe(**{**PLAIN, **changes})
    again = ImageData(first, copies.train_labels, other, copies.validation_labels)
    assert curves(again, recipe) == curves(copies, recipe)
    assert torch.equal(again.views(recipe).mean, copies.views(recipe).mean)
    assert torch.equal(again.views(recipe).deviation, copies.views(recipe).deviation)


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
def test_images_are_the_same_whether_they_are_kept_or_not(mapped, changes, monkeypatch):
    recipe = ImageRecipe(**{**PLAIN, **changes})
    monkeypatch.setattr(rows, "PIECE", 10 * 14 * 3 * 7)  # seven at a time
    kept = Views(mapped[0], recipe)
    monkeypatch.setattr(augmentation, "KEPT", 0)
    made = Views(mapped[0], recipe)
    index = torch.tensor([3, 59, 3, 0])
    for one, other in zip(
        kept.training_batch(index, generator()),
        made.training_batch(index, generator()),
        strict=True,
    ):
        assert torch.equal(one, other)
    for size in (1, 8):
        batches = zip(kept.validation_batches(size), made.validation_batches(size), strict=True)
        assert all(torch.equal(x, a) and torch.equal(y, b) for (x, y), (a, b) in batches)


def test_a_part_has_the_first_rows_of_each_split(mapped):
    part, copies = (data.part(20, 7) for data in mapped)
    assert part.sizes == copies.sizes == (20, 7)
    assert part.train_images.data_ptr() == mapped[0].train_images.data_ptr()
    recipe = ImageRecipe(**PLAIN)
    assert curves(part, recipe) == curves(copies, recipe)


def test_another_device_gets_the_images_of_the_splits_alone(mapped):
    map, copies = mapped
    assert map.to(CPU).train_images.data_ptr() == map.train_images.data_ptr()
    there = map.to(torch.device("meta"))
    assert there.train_rows is None and there.train_images.shape == copies.train_images.shape
    assert there.validation_images.shape == copies.validation_images.shape
    copied = augmentation.filled(torch.empty_like(copies.train_images), map.train.pieces())
    assert torch.equal(copied, copies.train_images)


def by_channel(images):
    return images.permute(0, 3, 1, 2).contiguous().float()


def test_of_many_images_evenly_spaced_ones_tell_mean_and_deviation(mapped, monkeypatch):
    map, _ = mapped
    exact = moments(map.train, lambda images: images)
    pixels = by_channel(map.train.at(torch.arange(60)))
    assert torch.equal(exact[0], pixels.mean(dim=(0, 2, 3)))
    assert torch.equal(exact[1], pixels.std(dim=(0, 2, 3)))
    monkeypatch.setattr(augmentation, "ALL", 60 * 10 * 14 * 3 - 1)
    monkeypatch.setattr(augmentation, "SAMPLE", 31 * 10 * 14 * 3 + 5)
    spaced = by_channel(map.train.at(torch.linspace(0, 59, 31, dtype=torch.float64).long()))
    assert torch.equal(moments(map.train, lambda images: images)[0], spaced.mean(dim=(0, 2, 3)))


def anonymous():
    """Bytes of this process's own memory, which no other process shares."""
    status = Path("/proc/self/status").read_text()
    return int(re.findall(r"RssAnon:\s*(\d+) kB", status)[0]) * 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
@pytest.mark.parametrize("changes", [{}, {"resolution": 16, "upsample": 20}], ids=str)
def test_a_process_holds_none_of_a_large_set(tmp_path, changes):
    """A gigabyte of images in a file of holes; a batch and the statistics take a part of it."""
    shape = (2**17, 64, 64, 2)
    with (tmp_path / "pixels").open("wb") as file:
        file.truncate(2**30)
    images = shared(np.memmap(tmp_path / "pixels", np.uint8, "r", shape=shape))
    rows = torch.arange(2**17)
    labels = rows % 2
    data = ImageData(images, labels[:-500], images, labels[-500:], rows[:-500], rows[-500:])
    before = anonymous()
    views = data.views(ImageRecipe(**{**PLAIN, **changes}))
    views.training_batch(rows[:64], generator())
    assert sum(len(y) for _, y in views.validation_batches(100)) == 500
    assert anonymous() - before < 2**27


@pytest.mark.parametrize("part", [1, 10_000, 2**18])
def test_what_was_read_does_not_stay_mapped(part, tmp_path, monkeypatch):
    monkeypatch.setattr(mapping, "PART", part)
    written = np.random.default_rng(0).integers(256, size=(400, 32, 32, 3), dtype=np.uint8)
    written.tofile(tmp_path / "pixels")
    pixels = np.memmap(tmp_path / "pixels", mode="r", shape=written.shape)
    order = torch.randperm(400, generator=generator())
    chosen = Rows(shared(pixels), order, Pages(pixels))
    for places, images in zip(order.split(50), chosen.batches(50), strict=True):
        assert np.array_equal(images.numpy(), written[places])
        assert np.array_equal(chosen.at(torch.arange(7)).numpy(), written[order[:7]])
        assert resident(tmp_path / "pixels") == 0
    assert chosen.at(torch.arange(0)).shape == (0, 32, 32, 3)
    assert shared(pixels)[3].any() and resident(tmp_path / "pixels") > 0
    with pytest.raises(ValueError, match="read-only"):
        Pages(np.memmap(tmp_path / "pixels", mode="c", shape=written.shape))


def resident(file):
    """Bytes of a map that this process has in its page table."""
    lines = Path("/proc/self/smaps").read_text().splitlines()
    begins = [number for number, line in enumerate(lines) if line.endswith(f" {file}")]
    sizes = [next(line for line in lines[n:] if line.startswith("Rss:")) for n in begins]
    return sum(int(size.split()[1]) for size in sizes) * 1024
