"""Files in the format of Fashion-MNIST's, with noise in them."""

import gzip
import hashlib

from torchvision.datasets import FashionMNIST

from nas_env.tasks import fashion_mnist


def write(data, rng, train, test):
    """Write the four files into a data folder; give their names and MD5s, as torchvision does."""
    folder = data / "FashionMNIST" / "raw"
    folder.mkdir(parents=True)
    resources = []
    for split, count in (("train", train), ("t10k", test)):
        images = rng.integers(256, size=(count, 28, 28)).astype("u1")
        labels = rng.permutation(count).astype("u1") % 10
        for kind, values in (("images-idx3", images), ("labels-idx1", labels)):
            header = bytes([0, 0, 8, values.ndim])
            sizes = b"".join(size.to_bytes(4, "big") for size in values.shape)
            content = gzip.compress(header + sizes + values.tobytes(), compresslevel=1, mtime=0)
            (folder / f"{split}-{kind}-ubyte.gz").write_bytes(content)
            md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
            resources.append((f"{split}-{kind}-ubyte.gz", md5))
    return resources


def use(patch, resources, train):
    """Expect these MD5s and that many images instead of the published ones."""
    patch.setattr(FashionMNIST, "resources", resources)
    patch.setattr(fashion_mnist.FashionMNIST, "available", train)
