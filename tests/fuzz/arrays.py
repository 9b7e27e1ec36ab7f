"""Images and labels of one's own as .npz or .npy, by ``--task.path``."""

import io

import numpy as np
from hypothesis import strategies as st

from nas_env.data.images._arrays import find_arrays
from nas_env.data.images._protocol import Reading
from nas_env.errors import InvalidValue, NASError
from tests.fuzz._texts import bytes_changed

IMAGES = (np.arange(12 * 64) % 251).astype(np.uint8).reshape(12, 8, 8)
LABELS = np.arange(12) % 3


def packed(save, **arrays):
    content = io.BytesIO()
    save(content, **arrays)
    return content.getvalue()


def npy(values):
    content = io.BytesIO()
    np.save(content, values)
    return content.getvalue()


NPZ = bytes_changed(
    [packed(save, images=IMAGES, labels=LABELS) for save in (np.savez, np.savez_compressed)]
)
NPY = st.tuples(bytes_changed([npy(IMAGES), npy(IMAGES / 251)]), bytes_changed([npy(LABELS)]))
CASES = st.one_of(NPZ, NPY)


def check(case, folder):
    path = folder / "set.npz"
    if isinstance(case, tuple):
        path = folder / "images.npy"
        (folder / "labels.npy").write_bytes(case[1])
    path.write_bytes(case if isinstance(case, bytes) else case[0])
    try:
        found = find_arrays(Reading(str(path)))
        form = found.form()
        if len(found.labels) * form.height * form.width < 2**22:
            found.read_into(folder / "pixels", form, lambda count: None)
    except (NASError, InvalidValue) as error:
        assert "\n" not in str(error) and len(str(error)) < 2_000, error
