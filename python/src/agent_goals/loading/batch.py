"""One load: files in, rows in the raw tables, rejected lines aside, in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from agent_goals.contract import RECORD_TYPES, RecordType
from agent_goals.ddl import COLUMN_TYPES, REJECTED_RECORDS, quote
from agent_goals.errors import LoadError
from agent_goals.loading.at_once import land_at_once
from agent_goals.loading.clean import clean_select, content_id, text_literal, with_default
from agent_goals.loading.destination import Destination
from agent_goals.loading.digest import Digest
from agent_goals.loading.report import Counts, FileReport, LoadReport, Rejected
from agent_goals.loading.sources import Line, Source, describe
from agent_goals.raw import RawTables
from agent_goals.tombstones import FIELDS, Tombstones
from agent_goals.validate import TYPE_FIELD, Validation, sent_id, validate_line

#: How many lines, and how many characters of them, are worked on at a time: what bounds the memory.
CHUNK_LINES = 100_000
CHUNK_CHARACTERS = 64_000_000

#: How many lines are judged without the vectorised pass, which takes its time to set up.
FEW_LINES = 20_000

#: What differs when this differs, an unchanged file is read anew.
CONTRACT_DIGEST = hashlib.sha256(
    repr(
        [(record.name, record.columns, [(rule.code, rule.sql) for rule in record.rules]) for record in RECORD_TYPES.values()]
    ).encode()
).hexdigest()[:16]

RejectSink = Callable[[Rejected], None]


@dataclass
class _Segment:
    """The rows of one record type that one file put into its table."""

    first_row: int
    last_row: int
    counts: Counts
    has_repeats: bool = False


class Batch:
    """The rows and rejects of one load, inside the caller's transaction.

    Args:
        destination: where it lands.
        raw: the raw tables.
        on_reject: told of every rejected line.
    """

    def __init__(  # noqa: D107 (the class says it)
        self, destination: Destination, raw: RawTables, on_reject: RejectSink = lambda rejected: None
    ) -> None:
        self.connection = destination.stage
        self.report = LoadReport()
        self._destination = destination
        self._warehouse = destination.warehouse
        self._raw = raw
        self._read: list[tuple[Source, Digest, FileReport]] = []
        self._on_reject = on_reject
        destination.prepare()
        self._tombstones = Tombstones.read(self._warehouse, raw)
        self.loaded_at, self.batch_id = raw.next_stamp(self._warehouse)
        self._stamp = f"timestamp '{self.loaded_at.isoformat(sep=' ')}', {text_literal(self.batch_id)}"
        self._segments: dict[str, list[_Segment]] = {name: [] for name in RECORD_TYPES}

    def add(self, source: Source, digest: Digest) -> FileReport:
        """Land a file's records and set its rejected lines aside.

        Args:
            source: the file.
            digest: its SHA-256.
        """
        report = FileReport(str(source.path))
        self.report.files.append(report)
        self._read.append((source, digest, report))
        first_rows = {name: self._next_row(name) for name in RECORD_TYPES}
        at_once = land_at_once(self, source)
        if at_once is None:
            self._add_lines(source, report, source.lines())
        else:
            if at_once.count:
                report.counts(source.record_type).loaded += at_once.count
            # Few are quickest judged one by one; but what names a type may be of another.
            names_type = f'"{TYPE_FIELD}"'
            few = [line for line in at_once.left if names_type not in str(line.text)] if len(at_once.left) <= FEW_LINES else []
            numbers = {line.number for line in few}
            self._add_one_by_one(source, report, few)
            self._add_lines(source, report, [line for line in at_once.left if line.number not in numbers])
        for name, record in RECORD_TYPES.items():
            if self._tombstones:
                self._leave_out_forgotten(record, first_rows[name], report)
            last_row = self._next_row(name) - 1
            if last_row >= first_rows[name]:
                segment = _Segment(first_rows[name], last_row, report.counts(name))
                self._segments[name].append(segment)
                self._number_repeats(record, segment)
                if segment.has_repeats:
                    self._settle_repeats(record, source, segment)
        return report

    def finish(self) -> LoadReport:
        """Take out what had landed before, and record the batch."""
        for name, record in RECORD_TYPES.items():
            if self._segments[name]:
                self._drop_duplicates(record)
        for source, digest, report in self._read:
            self._record(source, digest.result(), report)
        self.report.batch_id = self.batch_id
        return self.report

    def add_unchanged(self, source: Source, digest: Digest) -> bool:
        """Leave out a file that an earlier batch loaded whole, if all that it brought is still there.

        Args:
            source: the file.
            digest: its SHA-256.

        Returns:
            Whether it was left out.
        """
        # The file's digest is waited for only if there may be something to compare it with.
        ledger, read_as = self._raw.ledger, _read_as(source)
        if not self._warehouse.rows(f"select 1 from {ledger} where read_as = $read_as limit 1", read_as=read_as):
            return False
        rows = self._warehouse.rows(
            f"""select record_type, count_loaded + count_duplicate, count_rejected, batch_id from {ledger}
            where file_sha256 = $sha256 and read_as = $read_as and loaded_at = (
                select max(loaded_at) from {ledger} where file_sha256 = $sha256 and read_as = $read_as
            )""",
            sha256=digest.result(),
            read_as=read_as,
        )
        if not rows or any(rejected for _, _, rejected, _ in rows):
            return False
        if not all(self._is_intact(batch_id) for batch_id in {row[3] for row in rows}):
            return False
        report = FileReport(str(source.path), is_unchanged=True)
        for record_type, count, _, _ in rows:
            if record_type is not None:
                report.counts(record_type).duplicate = count
        self.report.files.append(report)
        return True

    def _is_intact(self, batch_id: str) -> bool:
        """Whether the raw tables still hold every row that a batch put there."""
        for record in RECORD_TYPES.values():
            ((is_intact,),) = self._warehouse.rows(
                f"""select
                    (select count(*) from {self._raw.of(record)} where batch_id = $batch)
                    = (
                        select coalesce(sum(count_loaded), 0) from {self._raw.ledger}
                        where batch_id = $batch and record_type = $type
                    )""",
                batch=batch_id,
                type=record.name,
            )
            if not is_intact:
                return False
        return True

    def _record(self, source: Source, sha256: str | None, report: FileReport) -> None:
        for name, counts in report.types.items():
            self.connection.execute(
                f"""insert into {self._raw.ledger}
                values ($batch, $loaded_at, $file, $sha256, $read_as, $type, $loaded, $duplicate, $rejected)""",
                {
                    "batch": self.batch_id,
                    "loaded_at": self.loaded_at,
                    "file": source.location,
                    "sha256": sha256,
                    "read_as": _read_as(source),
                    "type": name,
                    "loaded": counts.loaded,
                    "duplicate": counts.duplicate,
                    "rejected": counts.rejected.total(),
                },
            )

    def _next_row(self, name: str) -> int:
        """The row id after the batch's last one in a table; new rows' ids rise in the order they are written."""
        table = self._raw.of(RECORD_TYPES[name])
        row = self.connection.execute(
            f"select max(rowid) from {table} where batch_id = $batch", {"batch": self.batch_id}
        ).fetchone()
        return row[0] + 1 if row and row[0] is not None else 0

    def _add_lines(self, source: Source, report: FileReport, lines: Iterable[Line]) -> None:
        for chunk in _chunks(lines):
            texts = [line.text if isinstance(line.text, str) and line.error is None else None for line in chunk]
            self.connection.execute(
                """create or replace temp table chunk as
                select unnest($numbers) as number, unnest($texts)::varchar as text, unnest($types)::varchar as default_type""",
                {"numbers": list(range(len(chunk))), "texts": texts, "types": [line.record_type for line in chunk]},
            )
            left = bytearray(b"\1") * len(chunk)
            for record in RECORD_TYPES.values():
                for number in self._land_clean(record, report):
                    left[number] = 0
            self._add_one_by_one(source, report, [line for line, is_left in zip(chunk, left, strict=True) if is_left])

    def _land_clean(self, record: RecordType, report: FileReport) -> Sequence[int]:
        """Land the chunk's clean records of one type; returns their numbers."""
        untyped = f"coalesce(default_type = {text_literal(record.name)}, false)"
        if not self._count(f"(select 1 from chunk where {untyped} or contains(text, {text_literal(record.name)}) limit 1)"):
            return ()
        select = clean_select(record, "chunk", untyped=untyped, keep="text, number, default_type")
        self.connection.execute(
            f"create or replace temp table clean as select {', '.join(select.columns)}, number from ({select.sql}) where is_clean"
        )
        numbers = [number for (number,) in self.connection.execute("select number from clean").fetchall()]
        if numbers:
            self.insert(record, "clean order by number")
            report.counts(record.name).loaded += len(numbers)
        return numbers

    def insert(self, record: RecordType, relation: str) -> int:
        """Put a relation's rows, typed columns of the record, into its raw table; returns how many."""
        columns = ", ".join(quote(column.name) for column in record.columns)
        values = ", ".join(
            f"coalesce(event_id, {content_id(record)})" if column.name == "event_id" else with_default(column)
            for column in record.columns
        )
        row = self.connection.execute(
            f"""insert into {self._raw.of(record)} ({columns}, loaded_at, batch_id)
            select {values}, {self._stamp} from {relation}"""
        ).fetchone()
        assert row is not None
        return int(row[0])

    def _add_one_by_one(self, source: Source, report: FileReport, lines: Sequence[Line]) -> None:
        """Judge what the vectorised pass left: unusual but good records land, the others are rejected."""
        accepted: dict[str, list[Mapping[str, Any]]] = {}
        rejected: list[Rejected] = []
        for line in lines:
            outcome = validate_line(line.text, line.record_type)
            if outcome.accepted and line.error is None:
                assert outcome.record_type is not None and outcome.values is not None
                accepted.setdefault(outcome.record_type.name, []).append(outcome.values)
            else:
                bad = _rejected(source, line, outcome)
                if self._tombstones and self._tombstones.cover_line(line.text):
                    report.counts(bad.record_type).forgotten += 1
                else:
                    rejected.append(bad)
        for name, rows in accepted.items():
            self._land_values(RECORD_TYPES[name], rows)
            report.counts(name).loaded += len(rows)
        if rejected:
            self._reject(source, report, rejected)

    def _land_values(self, record: RecordType, rows: Sequence[Mapping[str, Any]]) -> None:
        types = COLUMN_TYPES["duckdb"]
        columns = {f"c{index}": column for index, column in enumerate(record.columns)}
        select = ", ".join(
            f"cast(unnest(${key}) as {types[column.type]}) as {quote(column.name)}" for key, column in columns.items()
        )
        values = {
            key: [
                str(row[column.name]) if column.type == "money" and row[column.name] is not None else row[column.name]
                for row in rows
            ]
            for key, column in columns.items()
        }
        self.connection.execute(f"create or replace temp table clean as select {select}", values)
        self.insert(record, "clean")

    def _reject(self, source: Source, report: FileReport, rejected: Sequence[Rejected]) -> None:
        for item in rejected:
            report.counts(item.record_type).rejected[item.code] += 1
            self._on_reject(item)
        names = [column.name for column in REJECTED_RECORDS.columns]
        file = source.location
        is_new = "true"
        if older := self._destination.older_rejected(file, self.batch_id):
            is_new = f"""not exists (
                select 1 from {older} as old
                where old.line = new.line and old.reason_code = new.reason_code and old.raw_text = new.raw_text
            )"""
        self.connection.execute(
            f"""insert into {self._raw.rejected} ({", ".join(names)})
            select {self._stamp}, {text_literal(file)}, line, record_type, reason_code, field, reason, raw_text
            from (
                select unnest($lines) as line, unnest($types)::varchar as record_type, unnest($codes) as reason_code,
                    unnest($fields)::varchar as field, unnest($reasons) as reason, unnest($texts) as raw_text
            ) as new
            where {is_new}""",
            {
                "lines": [item.line for item in rejected],
                "types": [item.record_type for item in rejected],
                "codes": [item.code for item in rejected],
                "fields": [item.field and item.field.replace("\0", "\\u0000") for item in rejected],
                "reasons": [item.reason for item in rejected],
                "texts": [describe(item.text) for item in rejected],
            },
        )

    def _leave_out_forgotten(self, record: RecordType, first_row: int, report: FileReport) -> None:
        """Take out what a file brought of sessions and customers that were forgotten."""
        fields = {column.name for column in record.columns}
        hashes = {field: sorted(self._tombstones.hashes[subject]) for subject, field in FIELDS.items() if field in fields}
        conditions = " or ".join(f"sha256({quote(field)}) in (select unnest(${field}::text[]))" for field in hashes)
        row = self.connection.execute(
            f"delete from {self._raw.of(record)} where batch_id = $batch and rowid >= $first and ({conditions})",
            {"batch": self.batch_id, "first": first_row, **hashes},
        ).fetchone()
        if row and row[0]:
            counts = report.counts(record.name)
            counts.loaded -= row[0]
            counts.forgotten += row[0]

    def _number_repeats(self, record: RecordType, segment: _Segment) -> None:
        """Give identical lines of one file, which sent no id, an id each: two equal costs are two costs."""
        table = self._raw.of(record)
        rows = {"first": segment.first_row, "last": segment.last_row, "batch": self.batch_id}
        self.connection.execute(
            f"""create or replace temp table repeated as
            select event_id from {table} where batch_id = $batch and rowid between $first and $last
            group by event_id having count(*) > 1""",
            rows,
        )
        segment.has_repeats = self._count("repeated") > 0
        if not segment.has_repeats:
            return
        self.connection.execute(
            f"""update {table} as landed set event_id = md5(concat_ws(chr(0), numbered.event_id, numbered.ordinal))
            from (
                select rowid as row, event_id, row_number() over (partition by event_id order by rowid) as ordinal
                from {table}
                where batch_id = $batch and rowid between $first and $last
                    and event_id in (from repeated) and event_id = {content_id(record)}
            ) as numbered
            where landed.rowid = numbered.row and numbered.ordinal > 1""",
            rows,
        )

    def _settle_repeats(self, record: RecordType, source: Source, segment: _Segment) -> None:
        """Land the last line of every id that a file sent with different contents once more, for the last row of an id stays.

        Rows of one file are not quite in order: a line that needs a closer look lands after those that did not.
        """
        contested = {
            event_id
            for (event_id,) in self.connection.execute(
                f"""select event_id from {self._raw.of(record)}
                where batch_id = $batch and rowid between $first and $last and event_id in (from repeated)
                group by event_id having count(*) > 1 and count(distinct {content_id(record)}) > 1""",
                {"first": segment.first_row, "last": segment.last_row, "batch": self.batch_id},
            ).fetchall()
        }
        if not contested:
            return
        last: dict[str, Mapping[str, Any]] = {}
        for line in source.lines():
            if line.error is None and sent_id(line.text) in contested:
                outcome = validate_line(line.text, line.record_type)
                if (
                    outcome.accepted
                    and outcome.record_type is record
                    and outcome.values is not None
                    and not self._tombstones.cover(outcome.values)
                ):
                    last[outcome.values["event_id"]] = outcome.values
        self._land_values(record, list(last.values()))
        segment.last_row = self._next_row(record.name) - 1
        # The rows that they take the place of will be counted as duplicates, one for each too many.
        segment.counts.loaded += len(last)
        segment.counts.duplicate -= len(last)

    def _drop_duplicates(self, record: RecordType) -> None:
        """Of several records with one id keep the last; drop what an earlier batch has landed just so."""
        table = self._raw.of(record)
        batch = {"batch": self.batch_id}
        segments = self._segments[record.name]
        may_repeat = len(segments) > 1 or segments[0].has_repeats
        same = " and ".join(f"old.{quote(c.name)} is not distinct from new.{quote(c.name)}" for c in record.columns)
        repeated = f"""
            select rowid as row
            from {table}
            where batch_id = $batch
                and event_id in (select event_id from {table} where batch_id = $batch group by event_id having count(*) > 1)
            qualify row_number() over (partition by event_id order by rowid desc) > 1"""
        older = self._destination.older(record, self.batch_id)
        landed_before = f"""
            select distinct new.rowid as row
            from {table} as new
            join {older} as old on old.event_id = new.event_id and old.occurred_at = new.occurred_at and ({same})
            where new.batch_id = $batch"""
        parts = [repeated] * may_repeat + [landed_before] * (older is not None)
        if not parts:
            return
        self.connection.execute(f"create or replace temp table dropped as {' union '.join(parts)}", batch)
        if not self._count("dropped"):
            return
        for segment in segments:
            row = self.connection.execute(
                "select count(*) from dropped where row between $first and $last",
                {"first": segment.first_row, "last": segment.last_row},
            ).fetchone()
            assert row is not None
            segment.counts.loaded -= row[0]
            segment.counts.duplicate += row[0]
        row = self.connection.execute(
            f"delete from {table} where batch_id = $batch and rowid in (select row from dropped)", batch
        ).fetchone()
        if row is None or row[0] != self._count("dropped"):
            raise LoadError(f"duplicates could not be taken out of {table}: nothing was written. Please report this.")

    def _count(self, relation: str) -> int:
        row = self.connection.execute(f"select count(*) from {relation}").fetchone()
        assert row is not None
        return int(row[0])


def _read_as(source: Source) -> str:
    return f"{CONTRACT_DIGEST} {source.format} {source.record_type}"


def _chunks(lines: Iterable[Line]) -> Iterable[list[Line]]:
    iterator = iter(lines)
    while chunk := list(islice(iterator, 1)):
        characters = len(chunk[0].text)
        for line in iterator:
            chunk.append(line)
            characters += len(line.text)
            if len(chunk) >= CHUNK_LINES or characters >= CHUNK_CHARACTERS:
                break
        yield chunk


def _rejected(source: Source, line: Line, outcome: Validation) -> Rejected:
    record_type = outcome.record_type.name if outcome.record_type else None
    if line.error is not None:
        return Rejected(
            str(source.path), line.number, record_type or line.record_type, "malformed_row", None, line.error, line.text
        )
    problem = outcome.problems[0]
    return Rejected(
        str(source.path), line.number, record_type or line.record_type, problem.code, problem.field, problem.message, line.text
    )
