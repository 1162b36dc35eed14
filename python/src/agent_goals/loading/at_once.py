"""The quick way to load a large NDJSON file: DuckDB reads, checks and lands it in one parallel pass.

Only the rows that are surely good land. DuckDB's log takes the text of the others, which is the one side channel that a
query offers: writing the few others anywhere else would mean to read the file, or to write its rows, a second time. The
file's lines are then counted, and the others found among them, so a line that went missing on the way would be noticed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import duckdb

from agent_goals.contract import RECORD_TYPES
from agent_goals.loading.clean import clean_select, text_literal
from agent_goals.loading.sources import Line, Source, decode, is_skipped

if TYPE_CHECKING:
    from agent_goals.loading.batch import Batch

#: Files of fewer bytes are read line by line: it takes no longer, and it takes anything.
AT_ONCE_BYTES = 4_000_000

#: Longer lines are not for this way.
MAX_LINE_BYTES = 2_000_000

#: The file's first lines say whether it is mostly clean: the text of all other lines is held in memory.
_SAMPLE_LINES = 1000
_SAMPLE_CLEAN = 0.8

_LOG_TYPE = "agent_goals"


class NotAtOnceError(Exception):
    """DuckDB could not read a file as lines of text, or not as the same lines; the transaction must be begun anew."""

    def __init__(self, source: Source, why: str) -> None:
        """Remember which file it was; ``why`` is for people who look into it."""
        super().__init__(f"{source.path}: {why}")
        self.source = source


@dataclass(frozen=True)
class AtOnce:
    """What came of it.

    Attributes:
        count: the records that landed.
        left: the other lines.
    """

    count: int
    left: Sequence[Line]


def land_at_once(batch: Batch, source: Source) -> AtOnce | None:
    """Land a file's clean records; ``None``, with nothing done, when the file is not of the kind that this is for.

    Raises:
        NotAtOnceError: when the file turned out not to be of that kind, halfway.
    """
    if source.format != "ndjson" or source.is_gzip or source.record_type is None:
        return None
    if source.path.stat().st_size < AT_ONCE_BYTES or not _is_mostly_clean(batch.connection, source):
        return None
    record = RECORD_TYPES[source.record_type]
    # The control character separates nothing: JSON text cannot hold it, so every line is one column.
    lines = f"""(select text from read_csv({text_literal(str(source.path))}, columns = {{text: 'VARCHAR'}}, header = false,
        auto_detect = false, delim = chr(1), quote = '', escape = '', strict_mode = false,
        max_line_size = {MAX_LINE_BYTES}, buffer_size = {2 * MAX_LINE_BYTES}))"""
    select = clean_select(record, lines, untyped="true")
    connection = batch.connection
    try:
        connection.execute("call enable_logging(level = 'warning')")
        count = batch.insert(
            record,
            f"""({select.sql}) where case
                when is_clean then true
                when text is null then false
                else write_log(text, level := 'warning', log_type := '{_LOG_TYPE}', return_value := false) end""",
        )
        texts = connection.execute(f"select message from duckdb_logs where type = '{_LOG_TYPE}'").fetchall()
    except duckdb.Error as error:
        raise NotAtOnceError(source, str(error)) from error
    finally:
        # In a connection of its own, since an error leaves this one's transaction useless.
        with connection.cursor() as aside:
            aside.execute("call truncate_duckdb_logs()")
            aside.execute("call disable_logging()")
    return AtOnce(count, _find(source, count, [text for (text,) in texts]))


def _is_mostly_clean(connection: duckdb.DuckDBPyConnection, source: Source) -> bool:
    assert source.record_type is not None
    sample = [line.text for line in islice(source.lines(), _SAMPLE_LINES) if isinstance(line.text, str)]
    select = clean_select(RECORD_TYPES[source.record_type], "(select unnest($texts)::varchar as text)", untyped="true")
    row = connection.execute(f"select count(*) from ({select.sql}) where is_clean", {"texts": sample}).fetchone()
    return row is not None and row[0] > _SAMPLE_CLEAN * len(sample)


def _find(source: Source, count: int, texts: list[str]) -> list[Line]:
    """The lines with one of these texts, each of which is as much a line to look into."""
    wanted = {text.encode() + end for text in texts for end in (b"\n", b"\r\n", b"")}
    number = 0
    found = []
    with source.open() as file:
        for number, line in enumerate(file, 1):
            if line in wanted:
                found.append((number, line))
    others = number - count - len(found)
    if len(found) != len(texts) or others != (_count_blank(source) if others else 0):
        raise NotAtOnceError(source, "DuckDB saw other lines than there are")
    return [Line(number, decode(line.rstrip(b"\r\n")), source.record_type) for number, line in found if not is_skipped(line)]


def _count_blank(source: Source) -> int:
    """The file's blank lines, which DuckDB passes over."""
    with source.open() as file:
        return sum(not line.strip(b"\r\n") for line in file)
