"""The folder in which a trained network is handed over: weights, source, programs, a model card."""

from nas_env.handover._loaded import LoadedNetwork, load
from nas_env.handover._write import Written, write
from nas_env.handover.preprocessing import (
    ImagePreprocessing,
    Preprocess,
    Preprocessing,
    TextPreprocessing,
)

__all__ = [
    "ImagePreprocessing",
    "LoadedNetwork",
    "Preprocess",
    "Preprocessing",
    "TextPreprocessing",
    "Written",
    "load",
    "write",
]
