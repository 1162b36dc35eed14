"""Rules 8 and 9: which goal the cost and the value of a session land on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from reference.settings import Settings
from reference.tree import below
from reference.values import UNIT, Row, first, rounded, total

TOKENS = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")

Goals = Mapping[str, Row]


def split(amount: Decimal, weights: Sequence[Fraction]) -> list[Decimal]:
    """Shares in whole units of the last place, floored, the remainder with the first; a negative amount mirrors its opposite."""
    units = int(abs(amount) / UNIT)
    whole = sum(weights)
    shares = [int(units * weight / whole) for weight in weights]
    shares[0] += units - sum(shares)
    return [Decimal(share) * UNIT * (-1 if amount < 0 else 1) for share in shares]


def _sharers(goals: Goals, settings: Settings, among: Callable[[Row], bool]) -> list[tuple[str, Fraction]]:
    """The leaf goals that share an amount and their weights, in the order in which they take the remainder."""
    leaves = sorted((o for o in goals.values() if o["is_leaf"] and among(o)), key=_sequence)
    weights = [_weight(leaf, settings) for leaf in leaves]
    if not any(weights):
        weights = [Fraction(1)] * len(leaves)
    return list(zip((leaf["goal"] for leaf in leaves), weights, strict=True))


def _weight(outcome: Row, settings: Settings) -> Fraction:
    if settings.cost_allocation == "even":
        return Fraction(1)
    if settings.cost_allocation == "primary":
        return Fraction(outcome["is_primary"])
    return Fraction(outcome["definition"].get("weight", 1))


def _sequence(outcome: Row) -> tuple[bool, int, str]:
    sequence = outcome["definition"].get("sequence")
    return sequence is None, int(sequence or 0), outcome["goal"]


# Rule 8: costs.


def cost_lines(costs: Sequence[Row], goals: Goals, settings: Settings) -> list[Row]:
    """The parts of a session's costs, each with the goal that it lands on."""
    lines = []
    receivers = _sharers(goals, settings, lambda _: True)
    for cost in costs:
        amount, goal = cost.get("amount_converted"), cost.get("goal")
        is_evaluation = cost.get("cost_type") == "evaluation"
        if amount is None:
            lines.append(_cost_line(cost, None if is_evaluation else goal, "no_amount", None))
        elif is_evaluation:
            lines.append(_cost_line(cost, None, "evaluation", amount))
        elif goal:
            lines.append(_cost_line(cost, goal, "direct", amount))
        elif receivers:
            shares = split(amount, [weight for _, weight in receivers])
            lines += [_cost_line(cost, name, "shared", s) for (name, _), s in zip(receivers, shares, strict=True)]
        else:
            lines.append(_cost_line(cost, None, "unattributed", amount))
    return lines


def _cost_line(cost: Row, goal: str | None, attribution: str, amount: Decimal | None) -> Row:
    copied = ("event_id", "session_id", "agent", "provider", "model", "input_tokens", "output_tokens", "cache_read_tokens")
    return {
        **{name: cost.get(name) for name in copied},
        "environment": cost.get("environment", "production"),
        "goal": goal,
        "occurred_at": cost["at"],
        "cost_type": cost.get("cost_type", "other"),
        "attribution": attribution,
        "amount": amount,
        "event_amount": cost.get("amount_converted"),
        "event_booked_amount": cost.get("amount_converted"),
        "price_status": _price_status(cost),
        "landed_amount": rounded(cost.get("amount")),
        "currency": cost["currency_used"],
    }


def _price_status(cost: Row) -> str:
    """Of a project without a price list."""
    if cost.get("amount") is not None:
        return "no_rate" if cost.get("amount_converted") is None else "booked"
    return "unpriced" if any(cost.get(name) is not None for name in TOKENS) else "no_tokens"


def add_costs(goals: Goals, lines: Sequence[Row]) -> None:
    """Write on each outcome what it cost."""
    for goal, outcome in goals.items():
        own = [line for line in lines if line["goal"] == goal]
        outcome["own_cost"] = total(line["amount"] for line in own)
        outcome["count_missing_amounts"] = sum(line["amount"] is None for line in own)
    for goal, outcome in goals.items():
        outcome["rolled_up_cost"] = total([outcome["own_cost"], *(other["own_cost"] for other in below(goal, goals))])
    for outcome in goals.values():
        rests_on = goals[outcome["source_goal"]] if outcome["is_rule_derived"] else outcome
        outcome["metric_cost"] = rests_on["rolled_up_cost"]


# Rule 9: value.


def add_values(goals: Goals, events: Sequence[Row], settings: Settings) -> Row:
    """Write on each outcome what it is worth, and tell what the session's value is in all."""
    known = [event for event in events if event["amount_converted"] is not None]
    unattributed: list[Decimal] = []
    unrealised = [event["amount_converted"] for event in known if event.get("goal") and event["goal"] not in goals]
    for goal, outcome in goals.items():
        named = total(event["amount_converted"] for event in known if event.get("goal") == goal)
        outcome["landed"] = first(named, outcome["money"])
        is_achieved = outcome["verdict"] == "achieved"
        outcome["own_value"] = outcome["landed"] if is_achieved else None
        outcome["unrealised_value"] = None if is_achieved else outcome["landed"]
        unrealised.append(outcome["unrealised_value"])
    receivers = _sharers(goals, settings, lambda outcome: outcome["verdict"] == "achieved" and outcome["landed"] is None)
    for event in known:
        if event.get("goal"):
            continue
        if receivers:
            shares = split(event["amount_converted"], [weight for _, weight in receivers])
            for (goal, _), share in zip(receivers, shares, strict=True):
                goals[goal]["own_value"] = (goals[goal]["own_value"] or 0) + share
        else:
            unattributed.append(event["amount_converted"])
    _add_defaults(goals)
    sums = {
        "attributed_value": total(outcome["own_value"] for outcome in goals.values()),
        "unrealised_value": total(unrealised),
        "unattributed_value": total(unattributed),
    }
    return {
        **sums,
        "landed_value": total(sums.values()),
        "default_value": total(outcome["default_value"] for outcome in goals.values()),
    }


def _add_defaults(goals: Goals) -> None:
    for goal, outcome in sorted(goals.items(), key=lambda item: -item[1]["depth"]):
        under = below(goal, goals)
        is_valued_below = any(first(other["own_value"], other["default_value"]) is not None for other in under)
        has_value = outcome["own_value"] is not None or is_valued_below
        # A customer-scoped goal is worth its default once, and not in each of the customer's sessions.
        default = outcome["definition"].get("value_per_achievement") if outcome["goal_scope"] == "session" else None
        default = None if default is None else Decimal(default)
        outcome["default_value"] = default if outcome["verdict"] == "achieved" and not has_value else None
        outcome["rolled_up_value"] = total(first(o["own_value"], o["default_value"]) for o in [outcome, *under])
        outcome["potential_value"] = potential_value(outcome, default)
        outcome["value_at_stake"] = first(outcome["expected_value"], default)


def potential_value(outcome: Row, default: Decimal | None) -> Decimal | None:
    """What an outcome is worth if it was achieved, and would have been if it was not."""
    if outcome["verdict"] == "achieved":
        worth: Decimal | None = outcome["rolled_up_value"]
    else:
        worth = first(outcome["expected_value"], outcome["money"], default)
    return worth if outcome["verdict"] in ("achieved", "not_achieved") else None
