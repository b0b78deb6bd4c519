"""What can be wrong with the built-in model."""

from __future__ import annotations

from retrieval.errors import ConfigError


class ModelError(ConfigError):
    """A file of the model or its base package is missing, damaged or another one than it was made for."""
