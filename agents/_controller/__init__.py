"""The recurrent controller: its plan, its network, and training it."""
