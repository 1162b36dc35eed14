"""Call the package's macros without a warehouse: those that only compute a value from values."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import jinja2

from project import ROOT


class _ReturnedError(Exception):
    """Carries what a macro gave to ``return``, as dbt does."""


def load_macros(*paths: str, variables: dict[str, Any] | None = None) -> SimpleNamespace:
    """The macros of files under ``macros/`` as Python functions.

    Args:
        paths: the files, from ``macros/`` on.
        variables: what ``var`` finds.
    """
    given = variables or {}
    namespace = SimpleNamespace()

    def return_(value: Any) -> None:
        raise _ReturnedError(value)

    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.globals.update(
        agent_goals=namespace,
        modules=SimpleNamespace(re=re),
        none=None,
        var=lambda name, default=None: given.get(name, default),
        **{"return": return_},
    )
    text = "".join((ROOT / "macros" / path).read_text(encoding="utf-8") for path in paths)
    module = environment.from_string(text).module

    def callable_for(macro: Any) -> Any:
        def call(*arguments: Any) -> Any:
            try:
                return str(macro(*arguments))
            except _ReturnedError as returned:
                return returned.args[0]

        return call

    for name, macro in vars(module).items():
        if not name.startswith("_"):
            setattr(namespace, name, callable_for(macro))
    return namespace
