"""Tables of trained architectures: the file format, and the ones that ship."""
