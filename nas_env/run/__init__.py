"""One search on disk: its folder and its store, and the checking of paths."""
