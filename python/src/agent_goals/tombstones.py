"""Who was forgotten, known only by hashes, and how to tell that a record is about one of them."""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from agent_goals.raw import RawTables
from agent_goals.warehouse.base import Warehouse

Subject = Literal["session", "customer"]

#: The field that names each subject.
FIELDS: Mapping[Subject, str] = {"session": "session_id", "customer": "customer_id"}

#: In a line that is no record: a JSON text, or a run of what ids are usually made of.
_words = re.compile(r'"((?:[^"\\]|\\.)*)"|[^\s"\',;:{}\[\]()<>=]+').finditer


def subject_hash(subject_id: str) -> str:
    """What a tombstone keeps of an id."""
    return hashlib.sha256(subject_id.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Tombstones:
    """The tombstones of a warehouse.

    Attributes:
        hashes: the hashes of the forgotten ids of each subject.
    """

    hashes: Mapping[Subject, frozenset[str]]

    @classmethod
    def read(cls, warehouse: Warehouse, raw: RawTables) -> Tombstones:
        """What a warehouse has."""
        rows = warehouse.rows(f"select subject, subject_hash from {raw.tombstones}")
        return cls({subject: frozenset(hashed for kind, hashed in rows if kind == subject) for subject in FIELDS})

    def __bool__(self) -> bool:
        """Whether there is any."""
        return any(self.hashes.values())

    def cover(self, values: Mapping[str, Any]) -> bool:
        """Whether a record is of a forgotten session or customer.

        Args:
            values: the record's values by field.
        """
        ids = ((subject, values.get(field)) for subject, field in FIELDS.items())
        return any(subject_hash(each) in self.hashes[subject] for subject, each in ids if each is not None)

    def cover_line(self, line: str | bytes) -> bool:
        """Whether a line that was rejected names a forgotten session or customer.

        A hash cannot be searched for, so a line that is no JSON object is taken apart into its quoted texts and words.
        """
        text = line if isinstance(line, str) else line.decode(errors="replace")
        named = _named(text)
        if named is not None:
            return any(subject_hash(each) in self.hashes[subject] for subject, each in named)
        found = {word for match in _words(text) for word in (match.group(1), match.group()) if word}
        return any(subject_hash(word) in hashes for word in found for hashes in self.hashes.values())


def names_any(raw_text: str, ids: Mapping[Subject, Collection[str]]) -> bool:
    """Whether the text of a rejected record names one of these ids, as its own or, where it is no JSON object, anywhere.

    Args:
        raw_text: the text as ``rejected_records`` has it.
        ids: the ids of each subject.
    """
    text = _without_literal(raw_text)
    named = _named(text)
    if named is not None:
        return any(each in ids[subject] for subject, each in named)
    return any(each in text for each_of in ids.values() for each in each_of)


def _without_literal(raw_text: str) -> str:
    """The text of a line that was not UTF-8, which is kept as a Python bytes literal; any other as it is."""
    if not raw_text.startswith(("b'", 'b"')):
        return raw_text
    try:
        line = ast.literal_eval(raw_text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        # It only began like one.
        return raw_text
    return line.decode(errors="replace") if isinstance(line, bytes) else raw_text


class _Pairs(list[tuple[str, Any]]):
    """A JSON object, with the names that it repeats."""


_decode = json.JSONDecoder(object_pairs_hook=_Pairs).decode


def _named(text: str) -> list[tuple[Subject, str]] | None:
    """The sessions and customers that a line names; ``None`` where it is no JSON object.

    This reads more than the contract accepts: a record with a NaN or an id without quotes is still about somebody.
    """
    try:
        record = _decode(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, _Pairs):
        return None
    subjects = {field: subject for subject, field in FIELDS.items()}
    return [(subjects[name], str(value)) for name, value in record if name in subjects and isinstance(value, str | int)]
