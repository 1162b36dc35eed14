"""The right to be forgotten: take sessions and customers out of the warehouse, and leave a mark that keeps them out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from agent_goals.contract import RECORD_TYPES
from agent_goals.ddl import LABEL_SAMPLES, REJECTED_RECORDS, TOMBSTONES, quote
from agent_goals.raw import RawTables
from agent_goals.tombstones import FIELDS, Subject, names_any, subject_hash
from agent_goals.warehouse.base import Warehouse


@dataclass
class Forgotten:
    """What was removed, or would be.

    Attributes:
        subjects: how many sessions and how many customers it was about, those of the customers' records included.
        new: how many of each had not been forgotten before.
        removed: the rows removed by table (``schema.table``), for the tables that had any.
        batch_id: the batch of the new tombstones; ``None`` when none was written.
        dry_run: whether it was only counted.
    """

    subjects: dict[Subject, int]
    new: dict[Subject, int]
    removed: dict[str, int] = field(default_factory=dict)
    batch_id: str | None = None
    dry_run: bool = False

    @property
    def count_removed(self) -> int:
        """All rows removed."""
        return sum(self.removed.values())

    @property
    def is_empty(self) -> bool:
        """Whether all of it had been forgotten before."""
        return not self.count_removed and not any(self.new.values())

    def add(self, table: str, count: int) -> None:
        """Note the rows removed from a table."""
        if count:
            self.removed[table] = count

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "batch_id": self.batch_id,
            "dry_run": self.dry_run,
            "sessions": self.subjects["session"],
            "customers": self.subjects["customer"],
            "new_sessions": self.new["session"],
            "new_customers": self.new["customer"],
            "removed": self.removed,
        }


def forget(
    warehouse: Warehouse,
    raw: RawTables,
    *,
    sessions: Collection[str] = (),
    customers: Collection[str] = (),
    built_in: Sequence[str] = (),
    dry_run: bool = False,
) -> Forgotten:
    """Remove sessions and customers, in all environments, in one transaction.

    (On a landing path the tombstones appear first and then file by file what is left; if that is interrupted, the same call
    again removes the rest.)

    Gone are the sessions named and every session of which a raw record names a customer: their raw records, rejected
    records that name them, and their rows in every table with a column ``session_id``, ``customer_id`` or ``unit_id`` that
    was built from them. Tombstones of their hashes remain, by which a load and a build leave them out.

    Args:
        warehouse: an open warehouse without a transaction.
        raw: the raw tables.
        sessions: ids of sessions.
        customers: ids of customers.
        built_in: the schemas that dbt builds in.
        dry_run: only count.

    Returns:
        What was removed.
    """
    with warehouse.reading(raw.schema) if dry_run else warehouse.transaction(raw.schema):
        if not dry_run:
            raw.create_missing(warehouse)
        removal = _Removal(warehouse, raw, built_in, dry_run=dry_run)
        return removal.run({"session": {*sessions}, "customer": {*customers}})


#: The columns of built tables that name a session or a customer, whichever it was decided in.
_OF_EITHER = ("unit_id", "first_session_id")

#: What the names of all tables have that this package builds.
_OWN_NAME = "agent_goals__"


class _Removal:
    """One run, inside a transaction; a dry one counts where others delete."""

    def __init__(self, warehouse: Warehouse, raw: RawTables, built_in: Sequence[str], *, dry_run: bool) -> None:
        self._warehouse = warehouse
        self._raw = raw
        self._built_in = built_in
        self._dry_run = dry_run

    def run(self, ids: dict[Subject, set[str]]) -> Forgotten:
        raw_tables = {raw: columns for raw, columns in self._tables().items() if raw.is_raw}
        if not self._warehouse.removes_at_once:
            for subject in FIELDS:
                ids[subject] |= self._left_of_marked(subject, raw_tables)
        ids["session"] |= self._named_with(ids["customer"], "customer", "session", raw_tables)
        served = self._named_with(ids["session"], "session", "customer", raw_tables) - ids["customer"]
        unmarked = {subject: self._unmarked(subject, each) for subject, each in ids.items()}
        forgotten = Forgotten(_counts(ids), _counts(unmarked), dry_run=self._dry_run)
        of_either = self._of_either()
        no_columns: dict[Subject, str] = {}
        for table, columns in {**dict.fromkeys(of_either, no_columns), **self._tables()}.items():
            conditions = [_is_one_of(column, subject) for subject, column in columns.items()]
            lists: dict[str, Collection[str]] = {subject: ids[subject] for subject in columns}
            if table in of_either:
                conditions.extend(_is_one_of(column, "either") for column in of_either[table])
                lists["either"] = ids["session"] | ids["customer"]
            if "customer" in columns and not table.is_raw:
                # A row of a customer and no session was made of all the customer's sessions: the next build makes it anew.
                is_of_none = f"{quote(columns['session'])} is null and " if "session" in columns else ""
                conditions.append(f"({is_of_none}{_is_one_of(columns['customer'], 'served')})")
                lists["served"] = served
            forgotten.add(table.name, self._remove(table, " or ".join(conditions), lists))
        rejected = _Table(self._raw.schema, REJECTED_RECORDS.name, is_raw=True)
        forgotten.add(rejected.name, self._remove_rejected(rejected, ids))
        if any(unmarked.values()) and not self._dry_run:
            lost = {subject_hash(customer) for customer in served}
            marks: dict[str, Collection[str]] = {subject: hashes for subject, hashes in unmarked.items()}
            forgotten.batch_id = self._mark(marks | {"customer_of_session": lost})
        return forgotten

    def _tables(self) -> dict[_Table, dict[Subject, str]]:
        """The tables that have rows of sessions or customers, with the columns that name them."""
        raw_names = {LABEL_SAMPLES.name, *(self._raw.name(record).lower() for record in RECORD_TYPES.values())}
        subjects = {field: subject for subject, field in FIELDS.items()}
        found: dict[_Table, dict[Subject, str]] = {}
        for schema, table, column in self._warehouse.columns([self._raw.schema, *self._built_in], list(subjects)):
            is_in_raw = schema.lower() == self._raw.schema.lower()
            is_raw = is_in_raw and table.lower() in raw_names
            # Whatever else is in these schemas is not this package's to delete from.
            if is_raw or _OWN_NAME in table.lower():
                found.setdefault(_Table(schema, table, is_raw), {})[subjects[column.lower()]] = column
        return found

    def _of_either(self) -> dict[_Table, list[str]]:
        """The built tables with columns that name a session in some rows and a customer in others."""
        found: dict[_Table, list[str]] = {}
        for schema, table, column in self._warehouse.columns(list(self._built_in), list(_OF_EITHER)):
            if _OWN_NAME in table.lower():
                found.setdefault(_Table(schema, table, is_raw=False), []).append(column)
        return found

    def _named_with(
        self, ids: Collection[str], of: Subject, wanted: Subject, raw_tables: Mapping[_Table, Mapping[Subject, str]]
    ) -> set[str]:
        """The wanted subjects that raw records name together with one of these ids."""
        found: set[str] = set()
        for table, columns in raw_tables.items():
            if of in columns and wanted in columns and ids:
                rows = self._warehouse.rows(
                    f"""select distinct {quote(columns[wanted])} from {table.quoted}
                    where {_is_one_of(columns[of], "ids")} and {quote(columns[wanted])} is not null""",
                    ids=sorted(ids),
                )
                found |= {name for (name,) in rows}
        return found

    def _left_of_marked(self, subject: Subject, raw_tables: Mapping[_Table, Mapping[Subject, str]]) -> set[str]:
        """Those with a tombstone of whom an interrupted call has left records."""
        found: set[str] = set()
        for table, columns in raw_tables.items():
            if subject in columns:
                column = quote(columns[subject])
                rows = self._warehouse.rows(
                    f"""select distinct {column} from {table.quoted}
                    where sha256({column}) in (select subject_hash from {self._raw.tombstones} where subject = $subject)""",
                    subject=subject,
                )
                found |= {name for (name,) in rows}
        return found

    def _unmarked(self, subject: Subject, ids: Collection[str]) -> set[str]:
        """The hashes of the ids that no tombstone has."""
        hashes = {subject_hash(each) for each in ids}
        if not self._warehouse.has_table(self._raw.schema, TOMBSTONES.name):
            return hashes
        marked = self._warehouse.rows(
            f"""select subject_hash from {self._raw.tombstones}
            where subject = $subject and {_is_one_of("subject_hash", "hashes")}""",
            subject=subject,
            hashes=sorted(hashes),
        )
        return hashes - {hashed for (hashed,) in marked}

    def _remove_rejected(self, table: _Table, ids: Mapping[Subject, Collection[str]]) -> int:
        if not self._warehouse.has_table(table.schema, table.table):
            return 0
        # An id stands in the text as it is, or the text has a backslash to say it in another way.
        candidates = self._warehouse.rows(
            f"""select distinct raw_text from {table.quoted}
            where strpos(raw_text, chr(92)) > 0
                or exists (select 1 from (select unnest($ids::text[]) as id) as ids where strpos(raw_text, ids.id) > 0)""",
            ids=sorted(set().union(*ids.values())),
        )
        texts = [text for (text,) in candidates if names_any(text, ids)]
        return self._remove(table, _is_one_of("raw_text", "texts"), {"texts": texts}) if texts else 0

    def _remove(self, table: _Table, condition: str, lists: Mapping[str, Collection[str]]) -> int:
        parameters = {name: sorted(values) for name, values in lists.items()}
        if self._dry_run:
            ((count,),) = self._warehouse.rows(f"select count(*) from {table.quoted} where {condition}", **parameters)
            return int(count)
        return self._warehouse.delete(table.schema, table.table, condition, **parameters)

    def _mark(self, unmarked: Mapping[str, Collection[str]]) -> str:
        stamp = self._raw.next_stamp(self._warehouse)
        marks = [(subject, hashed) for subject, hashes in unmarked.items() for hashed in sorted(hashes)]
        self._warehouse.insert(
            self._raw.schema,
            TOMBSTONES,
            """select
                $loaded_at::timestamp as loaded_at, $batch_id::text as batch_id,
                unnest($subjects::text[]) as subject, unnest($hashes::text[]) as subject_hash""",
            batch_id=stamp.batch_id,
            loaded_at=stamp.loaded_at,
            subjects=[subject for subject, _ in marks],
            hashes=[hashed for _, hashed in marks],
        )
        return stamp.batch_id


class _Table(NamedTuple):
    """A table that has rows of sessions or customers."""

    schema: str
    table: str
    is_raw: bool

    @property
    def name(self) -> str:
        return f"{self.schema}.{self.table}"

    @property
    def quoted(self) -> str:
        return f"{quote(self.schema)}.{quote(self.table)}"


def _is_one_of(column: str, parameter: str) -> str:
    # A consumer's id may be a number.
    return f"cast({quote(column)} as text) in (select unnest(${parameter}::text[]))"


def _counts(of_subject: Mapping[Subject, Collection[str]]) -> dict[Subject, int]:
    return {subject: len(each) for subject, each in of_subject.items()}
