"""A package of someone outside the repository: each member of a catalogue is one file."""
