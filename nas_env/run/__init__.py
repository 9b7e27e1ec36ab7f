"""One search on disk: its folder, its store, and the writing of whole files."""
