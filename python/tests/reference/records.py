"""Rules 1 and 7: which records stand, and what their money is worth."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from reference.settings import Settings
from reference.values import UNIT, Row, instant


def standing_records(loads: Sequence[Sequence[Row]], rates: Sequence[Row], settings: Settings) -> list[Row]:
    """The last loaded record of each id, with its time (``at``), its load and its money in the reporting currency."""
    records = _last_loaded(loads)
    _convert_money(records, rates, settings)
    return records


def _last_loaded(loads: Sequence[Sequence[Row]]) -> list[Row]:
    standing: dict[tuple[str, str], Row] = {}
    for number, load in enumerate(loads):
        last = {(record["type"], record["event_id"]): record for record in load}
        for key, record in last.items():
            before = standing.get(key)
            if before is None or before["content"] != record:
                standing[key] = {"content": record, **record, "load": number, "at": instant(record["occurred_at"])}
    return list(standing.values())


def _convert_money(records: list[Row], rates: Sequence[Row], settings: Settings) -> None:
    for record in records:
        currency = record.get("currency", settings.default_currency)
        record["currency_used"] = currency
        for name in ("amount", "value", "expected_value"):
            if record.get(name) is not None:
                record[f"{name}_converted"] = _converted(Decimal(str(record[name])), currency, record["at"], rates, settings)


def _converted(amount: Decimal, currency: str, at: datetime, rates: Sequence[Row], settings: Settings) -> Decimal | None:
    rate = Decimal(1)
    if currency != settings.reporting_currency:
        in_force = [
            row
            for row in rates
            if (row["from_currency"], row["to_currency"]) == (currency, settings.reporting_currency)
            and instant(row["valid_from"]) <= at
        ]
        if not in_force:
            return None
        rate = Decimal(max(in_force, key=lambda row: instant(row["valid_from"]))["rate"])
    return (amount.quantize(UNIT, ROUND_HALF_UP) * rate).quantize(UNIT, ROUND_HALF_UP)
