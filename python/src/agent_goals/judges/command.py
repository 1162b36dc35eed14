"""What `agent-goals judge` prints: how far it is, what it has cost, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from agent_goals.contract import NOT_APPLICABLE
from agent_goals.judges.run import Estimate, Outcome

#: How many sessions without a verdict are explained on the terminal.
SHOWN_FAILURES = 5


@contextmanager
def judging_progress(batch_sessions: int) -> Iterator[Callable[[Outcome], None]]:
    """Show how far a run is: a bar on a terminal, elsewhere a line after each batch."""
    console = Console(stderr=True)
    if not console.is_terminal:
        last = 0

        def tell(outcome: Outcome) -> None:
            nonlocal last
            if outcome.done >= last + batch_sessions:
                last = outcome.done
                console.print(f"{outcome.done:,} of {outcome.due:,} conversations, {_paid(outcome)}", highlight=False)

        yield tell
        return
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)

        def show(outcome: Outcome) -> None:
            progress.update(task, total=outcome.due, completed=outcome.done, description=_paid(outcome))

        yield show


def outcome_sentence(outcome: Outcome) -> str:
    """What came of a run, in a sentence."""
    return f"{outcome.judged:,} of {outcome.due:,} conversations judged for {_paid(outcome)}."


def outcome_table(outcome: Outcome) -> Table:
    """What came of a run, verdict by verdict."""
    table = Table()
    table.add_column("verdict")
    table.add_column("conversations", justify="right")
    for label, count in sorted(outcome.labels.items(), key=lambda item: (item[0] == NOT_APPLICABLE, item[0])):
        table.add_row(escape(label), f"{count:,}")
    if outcome.failed:
        table.add_row("no verdict", f"{len(outcome.failed):,}")
    for reason, count in sorted(outcome.skipped.items()):
        table.add_row(f"skipped: {escape(reason)}", f"{count:,}")
    if left := outcome.due - outcome.done:
        table.add_row("not asked about", f"{left:,}")
    return table


def outcome_notes(outcome: Outcome) -> Iterator[str]:
    """What else there is to say about a run."""
    if outcome.recovered:
        yield f"{outcome.recovered:,} records of an earlier run that was cut off have been loaded."
    tokens = f"{outcome.requests:,} answers took {outcome.input_tokens:,} input and {outcome.output_tokens:,} output tokens."
    if outcome.requests:
        yield tokens
    if outcome.unpriced:
        yield (
            f"Nothing says what {outcome.unpriced:,} of the answers cost: --input-price and --output-price do, or a price list"
            " for dbt (`agent-goals prices`)."
        )
    for session_id, reason in list(outcome.failed.items())[:SHOWN_FAILURES]:
        yield f"session {session_id}: {reason}"
    if len(outcome.failed) > SHOWN_FAILURES:
        yield f"... and {len(outcome.failed) - SHOWN_FAILURES:,} more. The next run tries them again."
    if outcome.stopped:
        yield f"Stopped: {outcome.stopped}"


def estimate_notes(estimate: Estimate) -> Iterator[str]:
    """What a run would take, in words."""
    nothing = f"{estimate.not_applicable:,} of them with nothing to judge, which cost nothing"
    yield f"{estimate.sessions:,} conversations to judge, {nothing}."
    for reason, count in sorted(estimate.skipped.items()):
        yield f"{count:,} more would be skipped: {reason}."
    tokens = f"about {estimate.input_tokens:,} input and {estimate.output_tokens:,} output tokens"
    unknown = "at a price that nobody knows (--input-price, --output-price)"
    yield f"They would take {tokens}, {unknown if estimate.cost is None else f'about {dollars(estimate.cost)}'}."
    yield "--dry-run: no model was asked and nothing was written."


def dollars(amount: Decimal) -> str:
    """An amount with cents, or with as many places as a small one needs."""
    return f"${amount:,.2f}" if amount == 0 or amount >= 1 else f"${amount:.2g}"


def _paid(outcome: Outcome) -> str:
    return dollars(outcome.cost) + (" and what is not priced" if outcome.unpriced else "")
