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
    """The macros of files under ``macros/`` as Python functions, in what they say to DuckDB.

    Args:
        paths: the files, from ``macros/`` on.
        variables: what ``var`` finds.
    """
    given = variables or {}
    namespace = SimpleNamespace()

    def return_(value: Any) -> None:
        raise _ReturnedError(value)

    def dispatch(name: str, _package: str) -> Any:
        return getattr(namespace, f"duckdb__{name}", None) or getattr(namespace, f"default__{name}")

    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.globals.update(
        adapter=SimpleNamespace(dispatch=dispatch),
        agent_goals=namespace,
        modules=SimpleNamespace(re=re),
        none=None,
        var=lambda name, default=None: given.get(name, default),
        **{"return": return_},
    )
    text = "".join((ROOT / "macros" / path).read_text(encoding="utf-8") for path in paths)
    module = environment.from_string(text).module

    def callable_for(macro: Any) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            try:
                return str(macro(*arguments, **named))
            except _ReturnedError as returned:
                return returned.args[0]

        return call

    for name, macro in vars(module).items():
        if not name.startswith("_"):
            setattr(namespace, name, callable_for(macro))
    return namespace
