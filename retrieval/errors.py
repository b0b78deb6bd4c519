"""The errors a user can do something about; each message is one sentence that says what."""

from __future__ import annotations


class RetrievalError(Exception):
    """Something a user can mend; everything else is a bug and keeps its traceback."""

    #: The exit code of the command line for this family.
    exit_code = 1


class UsageError(RetrievalError):
    """A question or an option that cannot be answered as it stands."""

    exit_code = 2


class NoIndexError(RetrievalError):
    """There is no index yet, or it was made by another model."""

    exit_code = 4


class ConfigError(RetrievalError):
    """A setting is wrong, or something it names is missing or damaged."""

    exit_code = 5
