"""What the helper asks of a warehouse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple, Protocol, Self

from agent_goals.ddl import Dialect, Table, quote

#: How many rows of an answer are fetched at a time.
ROWS_AT_A_TIME = 10_000


class Column(NamedTuple):
    """A column of a table.

    Attributes:
        schema: the table's schema.
        table: the table's name.
        name: the column's name.
    """

    schema: str
    table: str
    name: str


class Warehouse(Protocol):
    """An open database. Leaving it as a context closes it.

    Attributes:
        dialect: the SQL it speaks where dialects differ.
        knows_greatest: whether it finds a column's greatest value without reading the table.
        removes_at_once: whether all that a transaction removes goes in one step. Elsewhere an interrupted one may have removed a
            part, with all that it wrote: whoever removes writes down first whom it is about, and looks for what is left.
    """

    dialect: Dialect
    knows_greatest: bool
    removes_at_once: bool = True

    def rows(self, query: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """The rows of a query; its parameters stand in it as ``$name``."""

    def mappings(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        """The rows of a query, by column name."""

    def answer(self, query: str, search_path: Sequence[str]) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
        """The columns' names and the rows of a query that somebody typed, a part at a time.

        Args:
            query: the query, as it is: nothing in it is a parameter.
            search_path: the schemas that tables without one are looked for in.
        """

    def run(self, statement: str, **parameters: Any) -> int:
        """Run a statement; returns how many rows it wrote or removed, where it did."""

    def delete(self, schema: str, table: str, condition: str, **parameters: Any) -> int:
        """Remove the rows of a table that meet a condition; returns how many. Inside a transaction."""
        return self.run(f"delete from {quote(schema)}.{quote(table)} where {condition}", **parameters)

    def insert(self, schema: str, table: Table, query: str, *, batch_id: str, **parameters: Any) -> None:
        """Write the rows of a query, which has the table's columns, as a batch of its own. Inside a transaction."""
        columns = ", ".join(quote(column.name) for column in table.columns)
        target = f"{quote(schema)}.{quote(table.name)}"
        self.run(f"insert into {target} ({columns}) select {columns} from ({query}) as batch", batch_id=batch_id, **parameters)

    def reading(self, scope: str) -> AbstractContextManager[None]:
        """Inside, what has landed can be asked for.

        Args:
            scope: the raw schema's name.
        """
        return nullcontext()

    def transaction(self, scope: str) -> AbstractContextManager[None]:
        """What is done inside happens as a whole or, after an error, not at all.

        Args:
            scope: what it writes to, the raw schema's name: one at a time writes there, others wait.
        """

    def has_schema(self, name: str) -> bool:
        """Whether there is such a schema."""

    def has_table(self, schema: str, name: str) -> bool:
        """Whether there is such a table or view."""

    def columns(self, schemas: Iterable[str], names: Sequence[str]) -> list[Column]:
        """The columns of these names in the tables (no views) of these schemas, in order."""

    def close(self) -> None:
        """Close the connection."""

    def __enter__(self) -> Self:
        """The warehouse itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection."""
        self.close()
