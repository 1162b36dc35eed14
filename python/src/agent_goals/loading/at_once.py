"""The quick way to load a large NDJSON file: DuckDB checks its lines and lands them in one parallel pass.

Only the rows that are surely good land. DuckDB's log takes the others, which is the one side channel that a query offers:
writing the few others anywhere else would mean to read the file, or to write its rows, a second time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from agent_goals.contract import RECORD_TYPES, RecordType
from agent_goals.errors import LoadError
from agent_goals.loading.clean import clean_select
from agent_goals.loading.sources import Line, Source, decode, is_skipped

if TYPE_CHECKING:
    from agent_goals.loading.batch import Batch

#: Files of fewer bytes are read in chunks: it takes no longer.
AT_ONCE_BYTES = 4_000_000

#: Lines from all over the file say which fields it has, and whether it is mostly clean: its other lines are held in memory.
_SAMPLE_PLACES = 20
_SAMPLE_BYTES = 20_000
_SAMPLE_CLEAN = 0.8

_SAMPLE = "(select unnest($texts)::varchar as text)"

_RELATION = "agent_goals_lines"


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
    """Land a file's clean records; ``None``, with nothing done, when the file is not of the kind that this is for."""
    if source.format != "ndjson" or source.is_gzip or source.record_type is None:
        return None
    if source.path.stat().st_size < AT_ONCE_BYTES:
        return None
    # pyarrow takes longer to import than a small file takes to load.
    from agent_goals.loading.stream import LineStream  # noqa: PLC0415

    connection = batch.connection
    record = RECORD_TYPES[source.record_type]
    sample = _sample(source)
    for names in (_names(connection, sample), None):
        if _are_mostly_clean(connection, record, sample, names):
            break
    else:
        return None
    select = clean_select(record, _RELATION, untyped="true", keep="number, text", names=names)
    ((in_order,),) = connection.execute("select current_setting('preserve_insertion_order')").fetchall()
    with source.open() as file:
        lines = LineStream(file)
        try:
            connection.execute("call enable_logging(level = 'warning')").fetchall()
            # Which of several records with one id was the last is looked up in the file: rows need not be put in order.
            connection.execute("set preserve_insertion_order = false")
            connection.register(_RELATION, lines.reader)
            count = batch.insert(
                record,
                f"""({select.sql}) where case
                    when is_clean then true
                    else write_log(
                        number || ' ' || text, level := 'warning', log_type := '{_RELATION}', return_value := false
                    ) end""",
            )
            logged = connection.execute(f"select message from duckdb_logs where type = '{_RELATION}'").fetchall()
            # After an error it goes with the transaction.
            connection.unregister(_RELATION)
        except duckdb.Error as error:
            raise lines.error or error from error
        finally:
            # In a connection of its own, since an error leaves this one's transaction useless.
            with connection.cursor() as aside:
                aside.execute("call truncate_duckdb_logs()")
                aside.execute("call disable_logging()")
                aside.execute(f"set preserve_insertion_order = {in_order}")
    if count + len(logged) != lines.count:
        raise LoadError(f"{source.path}: not every line came back from DuckDB: nothing was written. Please report this.")
    left = [(int(number), lines.bytes_of(text)) for number, _, text in (message.partition(" ") for (message,) in logged)]
    left = sorted(line for line in left if not is_skipped(line[1]))
    return AtOnce(count, [Line(number, decode(line.rstrip(b"\r\n")), source.record_type) for number, line in left])


def _are_mostly_clean(
    connection: duckdb.DuckDBPyConnection, record: RecordType, sample: list[str], names: list[str] | None
) -> bool:
    select = clean_select(record, _SAMPLE, untyped="true", names=names)
    row = connection.execute(f"select count(*) from ({select.sql}) where is_clean", {"texts": sample}).fetchone()
    return row is not None and row[0] > _SAMPLE_CLEAN * len(sample)


def _names(connection: duckdb.DuckDBPyConnection, sample: list[str]) -> list[str]:
    """The fields that the lines have, by and large."""
    query = f"select distinct unnest(json_keys(try_cast(text as json))) from {_SAMPLE}"
    return [name for (name,) in connection.execute(query, {"texts": sample}).fetchall()]


def _sample(source: Source) -> list[str]:
    size = source.path.stat().st_size
    sample = []
    with source.open() as file:
        for place in range(_SAMPLE_PLACES):
            file.seek(size * place // _SAMPLE_PLACES)
            # The first and the last are parts of lines.
            lines = file.read(_SAMPLE_BYTES).split(b"\n")[1:-1]
            sample += [text for line in lines if isinstance(text := decode(line), str) and text.strip()]
    return sample
