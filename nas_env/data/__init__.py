"""Images and texts of one's own: found, read, and kept for the workers of a search."""
