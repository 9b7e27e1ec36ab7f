"""The version of the package, read by it and by what tells versions."""

__version__ = "0.1.0"
