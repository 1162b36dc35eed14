"""The errors that a command shows as one sentence, without a traceback."""

from __future__ import annotations


class AgentGoalsError(Exception):
    """Something that the person running the command can mend; the message says what, where and what to do."""


class ProfileError(AgentGoalsError):
    """The dbt project, profile or target could not be found or read."""


class LoadError(AgentGoalsError):
    """The records could not be loaded at all; nothing was written."""
