"""The training engine: torch alone; it knows no task, no store, no environment."""
