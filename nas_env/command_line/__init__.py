"""The command line: made of the settings' dataclasses."""
