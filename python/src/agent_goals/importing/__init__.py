"""Import what agents already emit: traces, scores and evaluation reports become records that ``load`` takes.

A format is one module: something with ``recognises`` and ``read``, named here. ``run`` says what they are for.
"""

from __future__ import annotations

#: The formats by the name that the command has for them, and the object that reads each: those asked first come first.
FORMATS = {
    "otel": "agent_goals.importing.otel:OTEL",
    "openinference": "agent_goals.importing.otel:OPENINFERENCE",
    "langfuse": "agent_goals.importing.langfuse",
    "strands": "agent_goals.importing.strands",
    "galtea": "agent_goals.importing.galtea",
}

#: What stands for the format that a value turns out to be of.
AUTO = "auto"
