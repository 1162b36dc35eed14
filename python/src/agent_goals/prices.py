"""The dated price list of models, as rows for the dbt seed ``model_prices``.

Prices and the rules that tell which model a name means come from the package genai-prices (prices in USD). Here they become rows
that plain SQL joins: one for each way to name a model, each period in which its prices hold, and each tier of input tokens.
Nothing is priced here.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from agent_goals.errors import AgentGoalsError

if TYPE_CHECKING:
    from genai_prices.types import MatchLogic, ModelInfo, ModelPrice, Provider

#: The price of each kind of token in genai-prices, and the column it goes to: USD for a million tokens, of a thousand requests.
PRICE_COLUMNS = {
    "input_mtok": "input_price",
    "cache_read_mtok": "cache_read_price",
    "cache_write_mtok": "cache_write_price",
    "output_mtok": "output_price",
    "output_reasoning_mtok": "reasoning_price",
    "requests_kcount": "request_price",
}

#: The columns of the price list.
COLUMNS = (
    "matched_name",
    "provider",
    "model",
    "match_order",
    "match_kind",
    "match_text",
    "match_except",
    "valid_from",
    "minute_from",
    "minute_to",
    "tokens_above",
    *PRICE_COLUMNS.values(),
)

#: Places after the point that a price keeps. The SQL multiplies it with up to 15 digits of tokens, exactly.
PRICE_SCALE = 11

DAY_MINUTES = 24 * 60

#: A date in a model's name, as rules write it, and the same without its inner dashes.
_DATE = re.compile(r"-(20\d\d)-(\d\d)-(\d\d)(?=-|:|$)")
_DATE_AT_END = re.compile(r"-20\d\d-\d\d-\d\d$")
_YEAR_AT_END = re.compile(r"-20\d\d-$")
_MONTH_AND_DAY = "(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])"
_DATE_PATTERN = "-[0-9]{4}-[0-9]{2}-[0-9]{2}"

Row = dict[str, str]


class PricesError(AgentGoalsError):
    """The price list could not be made or written."""


class _NotExpressibleError(Exception):
    """A rule that no row can hold."""


@dataclass(frozen=True)
class PriceList:
    """The rows of the price list.

    Attributes:
        rows: what to write, in the order of the file; every value is text, an absent one is empty.
        version: the version of genai-prices that they come from.
        counts: how many providers and models it prices, and how many models have prices that the rows do not hold, by kind.
        left_out: the rules that no row can hold, in words. The names that they match stay unpriced.
    """

    rows: list[Row]
    version: str
    counts: dict[str, int]
    left_out: list[str]


@dataclass(frozen=True)
class Rule:
    """One way to tell what a name means. Names are compared in lower case.

    Attributes:
        kind: ``equals``, ``starts_with``, ``ends_with``, ``contains`` or ``regex``.
        text: what the name is compared with.
        unless: a regular expression; the rule does not take the names that it finds. Empty when it takes them all.
    """

    kind: str
    text: str
    unless: str = ""

    def takes(self, name: str) -> bool:
        """Whether the rule matches ``name``, which is in lower case."""
        if self.unless and re.search(self.unless, name):
            return False
        return {
            "equals": name == self.text,
            "starts_with": name.startswith(self.text),
            "ends_with": name.endswith(self.text),
            "contains": self.text in name,
            "regex": self.kind == "regex" and re.search(self.text, name) is not None,
        }[self.kind]


def price_list() -> PriceList:
    """The price list of the installed genai-prices.

    Raises:
        PricesError: when genai-prices is not installed.
    """
    try:
        import genai_prices  # noqa: PLC0415  (an extra: only this command needs it)
        from genai_prices.data import providers  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise PricesError(
            f"the prices come from the package genai-prices, which is not installed ({error.name} is missing):"
            " run `pip install 'agent-goals[prices]'`."
        ) from error

    left_out: list[str] = []
    rows = [*_provider_rows(providers, left_out), *_model_rows(providers, left_out)]
    return PriceList(rows, genai_prices.__version__, _counts(providers), left_out)


def as_csv(rows: Iterable[Row]) -> str:
    """The rows as the text of a CSV file with a header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


# --- which provider a name means


def _provider_rows(providers: Sequence[Provider], left_out: list[str]) -> Iterator[Row]:
    """A provider's own id comes before every rule, then the providers' rules in their order."""
    meant = [(provider.id, Rule("equals", provider.id)) for provider in providers]
    without = []
    for provider in providers:
        if provider.provider_match is not None:
            meant += [(provider.id, rule) for rule in _rules(provider.provider_match, provider.id, left_out)]
        if provider.model_match is not None:
            without += [(provider.id, rule) for rule in _rules(provider.model_match, f"models of {provider.id}", left_out)]
    for matched_name, found in (("provider", meant), ("model_without_provider", without)):
        for order, (provider_id, rule) in enumerate(dict.fromkeys(found), start=1):
            yield _row(matched_name, provider_id, "", order, rule)


# --- which model a name means


def _model_rows(providers: Sequence[Provider], left_out: list[str]) -> Iterator[Row]:
    by_id = {provider.id: provider for provider in providers}
    for provider in providers:
        order = 0
        rules = list(_model_rules(provider, by_id, left_out))
        for place, (rule, model) in enumerate(rules):
            # A name that an earlier rule takes never comes to this one.
            if rule.kind == "equals" and any(earlier.takes(rule.text) for earlier, _ in rules[:place]):
                continue
            order += 1
            for period in _periods(model):
                yield _row("model", provider.id, model.id, order, rule) | period


def _model_rules(provider: Provider, by_id: dict[str, Provider], left_out: list[str]) -> Iterator[tuple[Rule, ModelInfo]]:
    """A provider's rules in the order in which they are asked, each once.

    Its own models come first, then those of the providers it falls back to. A name that none of them takes is asked for again
    with the date in it written out: 20251211 as 2025-12-11. Here that is a second round of rules with the date compact.
    """
    asked = [provider, *(by_id[name] for name in provider.fallback_model_providers or ())]
    models = [model for each in asked for model in each.models]
    rules = [(rule, model) for model in models for rule in _rules(model.match, f"{provider.id} {model.id}", left_out)]
    rules += [(compact, model) for rule, model in rules for compact in _with_compact_date(rule)]
    seen: set[Rule] = set()
    for rule, model in rules:
        if rule not in seen:
            seen.add(rule)
            yield rule, model


def _with_compact_date(rule: Rule) -> Iterator[Rule]:
    compact = _DATE.sub(r"-\1\2\3", rule.text)
    if rule.kind == "regex":
        if _DATE_PATTERN in rule.text:
            yield replace(rule, text=rule.text.replace(_DATE_PATTERN, f"-20[0-9]{{2}}{_MONTH_AND_DAY}"))
    elif rule.kind in ("starts_with", "contains") and compact != rule.text and _DATE_AT_END.search(rule.text):
        # What follows the date is not in the rule, and must not be another digit.
        start = "^" if rule.kind == "starts_with" else ""
        yield replace(rule, kind="regex", text=f"{start}{_escaped(compact)}(-|:|$)")
    elif compact != rule.text:
        yield replace(rule, text=compact)
    elif rule.kind == "starts_with" and _YEAR_AT_END.search(rule.text):
        yield replace(rule, kind="regex", text=f"^{_escaped(rule.text[:-1])}{_MONTH_AND_DAY}(-|:|$)")


def _rules(match: MatchLogic, of: str, left_out: list[str]) -> list[Rule]:
    """The rules of a match, of which any may take a name; what cannot be expressed is noted and left out."""
    from genai_prices.types import ClauseOr  # noqa: PLC0415

    if isinstance(match, ClauseOr):
        return [rule for clause in match.or_ for rule in _rules(clause, of, left_out)]
    try:
        return [_rule(match)]
    except _NotExpressibleError:
        told = f"{of}: {match}"
        if told not in left_out:
            left_out.append(told)
        return []


def _rule(match: MatchLogic) -> Rule:
    from genai_prices.types import (  # noqa: PLC0415
        ClauseAnd,
        ClauseContains,
        ClauseEndsWith,
        ClauseEquals,
        ClauseRegex,
        ClauseStartsWith,
    )

    if isinstance(match, ClauseEquals):
        return Rule("equals", match.equals.lower())
    if isinstance(match, ClauseStartsWith):
        return Rule("starts_with", match.starts_with.lower())
    if isinstance(match, ClauseEndsWith):
        return Rule("ends_with", match.ends_with.lower())
    if isinstance(match, ClauseContains):
        return Rule("contains", match.contains.lower())
    if isinstance(match, ClauseRegex):
        return _from_pattern(match.regex)
    if isinstance(match, ClauseAnd):
        return _both(*match.and_)
    raise _NotExpressibleError


def _both(first: MatchLogic, second: MatchLogic, *others: MatchLogic) -> Rule:
    """The rule for names that two rules take: one that only says which names it does not take, or two of kind ``contains``."""
    one, other = _rule(first), _rule(second)
    if not others and other == replace(_ANYTHING, unless=other.unless) and not one.unless:
        return replace(one, unless=other.unless)
    if not others and one.kind == other.kind == "contains":
        texts = _escaped(one.text), _escaped(other.text)
        return Rule("regex", f"{texts[0]}.*{texts[1]}|{texts[1]}.*{texts[0]}")
    raise _NotExpressibleError


#: Takes every name.
_ANYTHING = Rule("regex", "^")

_UNLESS = re.compile(r"\^\(\?!(?P<unless>(?:[^()]|\([^()]*\))*)\)(?P<rest>.*)")
_WHOLE_TEXT = re.compile(r"\^(?P<text>(?:[\w@/ =-]|\\[^\w])*)\$")


def _from_pattern(pattern: str) -> Rule:
    if found := _UNLESS.fullmatch(pattern):
        return Rule("regex", f"^{_portable(found['rest'])}", unless=f"^{_portable(found['unless'])}")
    if found := _WHOLE_TEXT.fullmatch(pattern):
        return Rule("equals", re.sub(r"\\(.)", r"\1", found["text"]))
    return Rule("regex", _portable(pattern))


def _portable(pattern: str) -> str:
    r"""The pattern in what all warehouses' regular expressions share: no backslash, no look-around, no unnamed groups.

    Raises:
        _NotExpressibleError: when there is no such pattern.
    """
    portable = pattern.replace("(?:", "(").replace(r"\d", "[0-9]").replace(r"\.", "[.]")
    if "\\" in portable or "(?" in portable:
        raise _NotExpressibleError
    return portable


def _escaped(text: str) -> str:
    """A pattern that finds ``text``."""
    if not re.fullmatch(r"[\w./@:-]*", text):
        raise _NotExpressibleError
    return text.replace(".", "[.]")


# --- what a model costs


def _periods(model: ModelInfo) -> Iterator[Row]:
    """The model's prices: for each date from which they change, each part of the day, and each tier of input tokens."""
    before: list[Row] = []
    for start in (None, *_start_dates(model)):
        rows = [part | tier for part, prices in _parts_of_the_day(model, start) for tier in _tiers(prices)]
        if rows != before:
            yield from ({"valid_from": start.isoformat() if start else ""} | row for row in rows)
            before = rows


def _constraints(model: ModelInfo) -> list[object]:
    from genai_prices.types import ModelPrice  # noqa: PLC0415

    return [] if isinstance(model.prices, ModelPrice) else [price.constraint for price in model.prices]


def _start_dates(model: ModelInfo) -> list[date]:
    from genai_prices.types import StartDateConstraint  # noqa: PLC0415

    return sorted({each.start_date for each in _constraints(model) if isinstance(each, StartDateConstraint)})


def _parts_of_the_day(model: ModelInfo, start: date | None) -> list[tuple[Row, ModelPrice]]:
    """The prices of a day, by the minutes of it (in UTC) from and to which they hold; no minutes when they hold all day."""
    from genai_prices.types import TimeOfDateConstraint  # noqa: PLC0415

    if isinstance(model.prices, list) and not model.prices:
        return []
    hours = [each for each in _constraints(model) if isinstance(each, TimeOfDateConstraint)]
    minutes = sorted({0, *(_minute(at) for each in hours for at in (each.start_time, each.end_time))})
    # Before the first date the day does not matter, only that no date has begun.
    day = datetime.combine(start or date.min + timedelta(days=1), time(), UTC)
    parts: list[tuple[int, ModelPrice]] = []
    for minute in minutes:
        prices = model.get_prices(day + timedelta(minutes=minute))
        if not parts or parts[-1][1] != prices:
            parts.append((minute, prices))
    if len(parts) == 1:
        return [({"minute_from": "", "minute_to": ""}, parts[0][1])]
    ends = [minute for minute, _ in parts[1:]] + [DAY_MINUTES]
    return [
        ({"minute_from": str(begin), "minute_to": str(end)}, prices) for (begin, prices), end in zip(parts, ends, strict=True)
    ]


def _minute(at: time) -> int:
    in_utc = datetime.combine(date(2000, 1, 2), at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    if in_utc.second or in_utc.microsecond:
        raise PricesError(f"genai-prices has a price that begins or ends at {at}, and the price list holds whole minutes only.")
    return in_utc.hour * 60 + in_utc.minute


def _tiers(prices: ModelPrice) -> Iterator[Row]:
    """The prices by the number of input tokens above which they hold, for all tokens; the first row holds from none."""
    from genai_prices.types import TieredPrices  # noqa: PLC0415

    known = {column: getattr(prices, key) for key, column in PRICE_COLUMNS.items()}
    tiers = [tier for price in known.values() if isinstance(price, TieredPrices) for tier in price.tiers]
    before: Row = {}
    for start in (None, *sorted({tier.start for tier in tiers})):
        row = {}
        for column, price in known.items():
            if isinstance(price, TieredPrices):
                reached = [tier.price for tier in price.tiers if start is not None and tier.start <= start]
                row[column] = _decimal([price.base, *reached][-1])
            else:
                row[column] = _decimal(price)
        if row != before:
            yield {"tokens_above": "" if start is None else str(start)} | row
            before = row


def _decimal(price: Decimal | None) -> str:
    if price is None:
        return ""
    rounded = price.quantize(Decimal(1).scaleb(-PRICE_SCALE), ROUND_HALF_UP)
    return f"{rounded:f}".rstrip("0").rstrip(".")


def _row(matched_name: str, provider: str, model: str, order: int, rule: Rule) -> Row:
    return dict.fromkeys(COLUMNS, "") | {
        "matched_name": matched_name,
        "provider": provider,
        "model": model,
        "match_order": str(order),
        "match_kind": rule.kind,
        "match_text": rule.text,
        "match_except": rule.unless,
    }


# --- what is not in it


def _counts(providers: Sequence[Provider]) -> dict[str, int]:
    """How many providers and models there are, and how many models have prices that no row holds."""
    models = [model for provider in providers for model in provider.models]
    keys = [_price_keys(model) for model in models]
    unheld = [each - PRICE_COLUMNS.keys() for each in keys]
    return {
        "providers": len(providers),
        "models": len(models),
        "by other things than text tokens alone: they stay unpriced": sum(
            not each & {"input_mtok", "output_mtok"} for each in keys
        ),
        "by service tier or other options as well: the standard price counts": sum(
            bool(model.price_variants) for model in models
        ),
        "for audio, images, video, documents or characters": sum(any(map(_is_of_another_medium, each)) for each in unheld),
        "for caches kept for an hour, or for citations": sum(
            any("_1h_" in key or "citation" in key for key in each) for each in unheld
        ),
        "for searches and other calls of tools": sum(
            any(key.endswith("_kcount") and not _is_of_another_medium(key) for key in each) for each in unheld
        ),
    }


def _is_of_another_medium(key: str) -> bool:
    return any(medium in key for medium in ("audio", "image", "video", "document", "mchars", "messages", "gpixels"))


def _price_keys(model: ModelInfo) -> set[str]:
    from genai_prices.types import ModelPrice  # noqa: PLC0415

    prices = [model.prices] if isinstance(model.prices, ModelPrice) else [price.prices for price in model.prices]
    return {key for price in prices for key, value in vars(price).items() if value is not None}
