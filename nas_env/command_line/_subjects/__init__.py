"""The subject of a final training: the run of a search, or an architecture that is named."""

from nas_env.command_line._subjects.architecture import NamedArchitecture, of_architecture
from nas_env.command_line._subjects.base import Place, Subject
from nas_env.command_line._subjects.run import SearchedRun, of_run

__all__ = ["NamedArchitecture", "Place", "SearchedRun", "Subject", "of_architecture", "of_run"]
