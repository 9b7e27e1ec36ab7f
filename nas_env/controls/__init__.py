"""The paper's control: a search beside random search at the same number of children."""
