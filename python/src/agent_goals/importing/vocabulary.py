"""What a span's attributes say: each vocabulary reads the names that it knows, and they are asked one after the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from agent_goals.importing.values import exact, structure, tokens

Attributes = Mapping[str, Any]

#: What a vocabulary makes of attributes: fields of a step. Usage comes as the fields of ``Usage`` under ``usage``.
Facts = dict[str, Any]

Vocabulary = Callable[[Attributes], Facts]


def merged(found: Iterable[Facts]) -> Facts:
    """What several vocabularies say together: the first that says something is believed, count by count."""
    together: Facts = {}
    usage: dict[str, int] = {}
    for facts in found:
        for name, value in facts.items():
            if name == "usage":
                usage = {**value, **usage}
            elif name not in together:
                together[name] = value
    together["usage"] = usage
    return together


def known(**facts: Any) -> Facts:
    """The facts that are there."""
    return {name: value for name, value in facts.items() if value not in (None, [], {})}


def any_of(attributes: Attributes, *names: str) -> Any:
    """The value of the first attribute that is there."""
    for name in names:
        if (value := attributes.get(name)) is not None:
            return value
    return None


def count_of(attributes: Attributes, *names: str) -> int | None:
    """The tokens in the first attribute that is there.

    Raises:
        UnreadableError: when they are no number of tokens.
    """
    for name in names:
        if (value := attributes.get(name)) is not None:
            return tokens(value, name)
    return None


def amount_of(attributes: Attributes, *names: str) -> Any:
    """The money in the first attribute that is there.

    Raises:
        UnreadableError: when it is no number.
    """
    for name in names:
        if (value := attributes.get(name)) is not None:
            return exact(value, name)
    return None


_INDEX = re.compile(r"[0-9]+").fullmatch


def unflattened(attributes: Attributes, prefix: str) -> list[Any]:
    """The list under a prefix: one attribute for each of its values (``prefix.0.name``), or a list of such objects."""
    whole = structure(attributes.get(prefix.rstrip(".")))
    if isinstance(whole, list):
        return [_listed(_nested(item.items())) if isinstance(item, Mapping) else item for item in whole]
    below = [(name[len(prefix) :], value) for name, value in attributes.items() if name.startswith(prefix)]
    listed = _listed(_nested(below)) if below else []
    return listed if isinstance(listed, list) else []


def _nested(flat: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for name, value in flat:
        node = root
        *path, last = name.split(".")
        for step in path:
            inner = node.setdefault(step, {})
            if not isinstance(inner, dict):
                inner = node[step] = {"": inner}
            node = inner
        node[last] = value
    return root


def _listed(node: Any) -> Any:
    """The node with every object of whole numbers as a list."""
    if not isinstance(node, dict):
        return node
    if node and all(_INDEX(name) for name in node):
        return [_listed(node[name]) for name in sorted(node, key=int)]
    return {name: _listed(value) for name, value in node.items()}
