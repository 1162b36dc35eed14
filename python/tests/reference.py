"""The rules once more, in plain Python over lists and mappings: an outside witness for the marts.

Written from the rules' words and not from the SQL, for small data: no index, no cleverness, every amount a ``Decimal``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

PLACES = 10
UNIT = Decimal(1).scaleb(-PLACES)
TOKENS = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")

Row = dict[str, Any]
SessionKey = tuple[str, str]


@dataclass(frozen=True)
class Settings:
    """The package's vars, by their names without the prefix."""

    reporting_currency: str = "USD"
    default_currency: str = "USD"
    timezone: str = "UTC"
    environments: tuple[str, ...] = ("production",)
    verdict_precedence: tuple[str, ...] = ("human", "automatic", "judge")
    cost_allocation: str = "even"
    max_goal_depth: int = 8


@dataclass
class Expected:
    """What the marts should hold."""

    sessions: list[Row] = field(default_factory=list)
    outcomes: list[Row] = field(default_factory=list)
    cost_lines: list[Row] = field(default_factory=list)
    daily: list[Row] = field(default_factory=list)
    sessions_daily: list[Row] = field(default_factory=list)


def expected_marts(
    loads: Sequence[Sequence[Row]], definitions: Iterable[Row], rates: Sequence[Row], settings: Settings
) -> Expected:
    """The rows of the marts for records that were loaded in several loads.

    Args:
        loads: the records of each load in order, each with its ``type`` and ``event_id``.
        definitions: rows of the goal definitions; absent cells are ``None``.
        rates: rows of the exchange rates, ``valid_from`` as text.
        settings: the package's vars.
    """
    defined = {row["goal"]: row for row in definitions}
    records = _last_loaded(loads)
    _convert_money(records, rates, settings)
    result = Expected()
    by_session: dict[SessionKey, list[Row]] = {}
    for record in records:
        by_session.setdefault((record.get("environment", "production"), record["session_id"]), []).append(record)
    for key, own in by_session.items():
        _Session(key, own, defined, settings).add_to(result)
    result.daily = _daily(result.outcomes, defined, settings)
    result.sessions_daily = _sessions_daily(result.sessions, settings)
    return result


# Rules 1 and 7: which records stand, and what their money is worth.


def _last_loaded(loads: Sequence[Sequence[Row]]) -> list[Row]:
    standing: dict[tuple[str, str], Row] = {}
    for number, load in enumerate(loads):
        last = {(record["type"], record["event_id"]): record for record in load}
        for key, record in last.items():
            before = standing.get(key)
            if before is None or before["content"] != record:
                standing[key] = {"content": record, **record, "load": number, "at": _instant(record["occurred_at"])}
    return list(standing.values())


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def _order(record: Row) -> tuple[Any, ...]:
    return (record["at"], record["load"], record["event_id"])


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
            and _instant(row["valid_from"]) <= at
        ]
        if not in_force:
            return None
        rate = Decimal(max(in_force, key=lambda row: _instant(row["valid_from"]))["rate"])
    return (amount.quantize(UNIT, ROUND_HALF_UP) * rate).quantize(UNIT, ROUND_HALF_UP)


def split(amount: Decimal, weights: Sequence[Fraction]) -> list[Decimal]:
    """Shares in whole units of the last place, floored, the remainder with the first; a negative amount mirrors its opposite."""
    units = int(abs(amount) / UNIT)
    total = sum(weights)
    shares = [int(units * weight / total) for weight in weights]
    shares[0] += units - sum(shares)
    return [Decimal(share) * UNIT * (-1 if amount < 0 else 1) for share in shares]


def _sum(amounts: Iterable[Any]) -> Any:
    known = [amount for amount in amounts if amount is not None]
    return sum(known[1:], known[0]) if known else None


def _latest(records: Iterable[Row], read: Callable[[Row], Any]) -> Any:
    found = [read(record) for record in sorted(records, key=_order)]
    known = [value for value in found if value is not None]
    return known[-1] if known else None


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _metadata(record: Row, *names: str) -> Any:
    inside = record.get("metadata") or {}
    return _first(*(inside.get(name) for name in names))


def _number(value: Any) -> float | None:
    return None if value is None or isinstance(value, str) else float(value)


def _own_or_metadata(name: str) -> Callable[[Row], Any]:
    return lambda record: _first(record.get(name), _metadata(record, name))


class _Session:
    def __init__(self, key: SessionKey, records: list[Row], defined: Mapping[str, Row], settings: Settings) -> None:
        self.key = key
        self.defined = defined
        self.settings = settings
        self.of_type = {name: [r for r in records if r["type"] == name] for name in ("goal", "cost", "value", "session", "turn")}
        self.records = records
        self.goals: dict[str, Row] = {}

    def add_to(self, result: Expected) -> None:
        recorded = sorted({event["goal"] for event in self.of_type["goal"]})
        self.goals = {goal: self._recorded(goal) for goal in recorded}
        session = self._session()
        self._add_unrecorded(session["agent"])
        self._place_in_tree()
        self._times(session)
        lines = self._cost_lines()
        self._costs(lines)
        self._values(session)
        self._summarise(session, lines)
        for outcome in self.goals.values():
            self._finish(outcome, session)
        result.sessions.append(session)
        result.outcomes.extend(self.goals.values())
        result.cost_lines.extend(lines)

    # Rule 2: what the events of one goal say together.

    def _recorded(self, goal: str) -> Row:
        definition = self.defined.get(goal, {})
        events = sorted((e for e in self.of_type["goal"] if e["goal"] == goal), key=_order)
        for event in events:
            self._judge(event, definition)
        judged = [event for event in events if event["verdict"]]
        trust = {source: -rank for rank, source in enumerate(self.settings.verdict_precedence)}
        winner = max(judged, key=lambda event: (trust[event["source"]], _order(event))) if judged else {}
        # A score means nothing against another event's threshold: the event that gives the one gives the other.
        scored = [event for event in events if event["score_found"] is not None]
        scorer = winner if winner in scored else scored[-1] if scored else {}
        automatic = [event for event in events if event["source"] == "automatic"]
        parents = [event["parent_goal"] for event in events if event.get("parent_goal")]
        achieved = [event["at"] for event in events if event["verdict"] == "achieved"]
        by_source = {
            f"{source}_verdict": _latest((e for e in events if e["source"] == source), lambda e: e["verdict"]) for source in trust
        }
        reported = (_metadata_number(event, "attempts") for event in events)
        attempts = [number for number in reported if number is not None]
        return {
            "goal": goal,
            "is_recorded": True,
            "verdict": winner.get("verdict", "unjudged"),
            "verdict_source": winner.get("source"),
            **by_source,
            "has_conflicting_verdicts": len({verdict for verdict in by_source.values() if verdict}) > 1,
            "decided_at": winner.get("at"),
            "first_achieved_at": min(achieved, default=None),
            "evaluator": _latest(events, lambda e: e.get("evaluator")),
            "evaluator_version": _latest(events, lambda e: e.get("evaluator_version")),
            "label": _latest(events, lambda e: e.get("label")),
            "reason": _latest(events, lambda e: e.get("reason")),
            "count_goal_events": len(events),
            "count_tries": int(max(attempts)) if attempts else len(automatic) or 1,
            "count_interactions": _latest(events, lambda e: _metadata_number(e, "interaction_count")),
            "is_escalated": bool(_latest(events, lambda e: _metadata(e, "escalated", "escalated_to_human"))),
            "customer_satisfaction": _latest(events, lambda e: _metadata_number(e, "customer_satisfaction")),
            "score": scorer.get("score_found"),
            "threshold": scorer.get("threshold_found"),
            "threshold_operator": scorer.get("operator_found"),
            "has_verdict_against_threshold": any(event["contradicts"] for event in events),
            "metadata": _latest(events, lambda e: e.get("metadata")),
            "own_agent": _latest(events, _own_or_metadata("agent")),
            "own_experiment": _latest(events, _own_or_metadata("experiment")),
            "own_variant": _latest(events, _own_or_metadata("variant")),
            "own_customer": _latest(events, lambda e: e.get("customer_id")),
            "first_at": events[0]["at"],
            "last_at": events[-1]["at"],
            "claimed_parent": definition.get("parent_goal") if definition else _first(*parents),
            "has_second_parent": len(set(parents)) > 1,
            "reported_seconds": _latest(automatic, _reported_seconds),
            "first_automatic_achieved_at": min((e["at"] for e in automatic if e["verdict"] == "achieved"), default=None),
            "money": _latest(events, lambda e: e["money_found"]),
            "expected_value": _latest(events, lambda e: e.get("expected_value_converted")),
        }

    def _judge(self, event: Row, definition: Row) -> None:
        """What one event says: its score, its money and its verdict."""
        value, score, threshold = event.get("value"), event.get("score"), event.get("threshold")
        is_defined_score = definition.get("kind") == "score"
        is_value_score = value is not None and score is None and (threshold is not None or is_defined_score)
        # A score is a double, like every number of the contract, whichever field it came in.
        score = float(value) if is_value_score else score
        operator = event.get("threshold_operator", ">=") if threshold is not None else None
        is_lent = threshold is None and is_defined_score and definition.get("threshold") is not None
        if is_lent:
            threshold, operator = definition["threshold"], definition.get("threshold_operator") or ">="
        tested = None if score is None or threshold is None else _met(float(score), operator, float(threshold))
        sent = event.get("achieved")
        if sent is None and event.get("label") == "not_applicable":
            event["verdict"] = "not_applicable"
        else:
            event["verdict"] = {True: "achieved", False: "not_achieved", None: None}[_first(sent, tested)]
        event["source"] = event.get("verdict_source", "automatic")
        event["contradicts"] = is_lent and sent is not None and tested is not None and sent is not tested
        event["score_found"], event["threshold_found"], event["operator_found"] = _decimal(score), _decimal(threshold), operator
        event["money_found"] = None if is_value_score else event.get("value_converted")

    # Rules 5, 8 and 10: outcomes without events, and the tree.

    def _add_unrecorded(self, agent: str | None) -> None:
        named = {cost["goal"] for cost in self.of_type["cost"] if cost.get("goal") and cost.get("cost_type") != "evaluation"}
        expected = {goal for goal, row in self.defined.items() if _is_expected(row, agent)}
        for goal in sorted((named | expected) - set(self.goals)):
            self.goals[goal] = {
                "goal": goal,
                "is_recorded": False,
                "verdict": "unjudged",
                "has_conflicting_verdicts": False,
                "is_escalated": False,
                "has_verdict_against_threshold": False,
                "count_goal_events": 0,
                "claimed_parent": self.defined.get(goal, {}).get("parent_goal"),
                "has_second_parent": False,
            }
        for goal, outcome in self.goals.items():
            definition = self.defined.get(goal, {})
            outcome["is_defined"] = bool(definition)
            outcome["is_expected"] = goal in expected
            outcome["is_primary"] = bool(definition.get("is_primary"))
            outcome["goal_kind"] = definition.get("kind") or "binary"

    def _place_in_tree(self) -> None:
        claimed = {goal: o["claimed_parent"] for goal, o in self.goals.items() if o["claimed_parent"] in self.goals}
        on_cycle = {goal for goal in claimed if goal in _climb(goal, claimed)}
        acyclic = {goal: parent for goal, parent in claimed.items() if goal not in on_cycle}
        too_deep = {goal for goal in acyclic if len(_climb(goal, acyclic)) > self.settings.max_goal_depth}
        parents = {goal: parent for goal, parent in acyclic.items() if goal not in too_deep}
        for goal, outcome in self.goals.items():
            above = _climb(goal, parents)
            outcome["above"] = above
            outcome["parent_goal"] = parents.get(goal)
            outcome["depth"] = len(above)
            outcome["is_top_level"] = not above
            outcome["is_recorded_top_level"] = outcome["is_recorded"] and not any(self.goals[a]["is_recorded"] for a in above)
            is_second = outcome["has_second_parent"] and not outcome["is_defined"]
            outcome["has_dropped_parent"] = is_second or goal in on_cycle or goal in too_deep
        for goal, outcome in self.goals.items():
            below = [other for other in self.goals.values() if goal in other["above"]]
            outcome["is_leaf"] = _may_share(outcome) and not any(_may_share(other) for other in below)

    def _below(self, goal: str) -> list[Row]:
        return [other for other in self.goals.values() if goal in other["above"]]

    # Rule 6: times.

    def _session(self) -> Row:
        sessions = self.of_type["session"]
        outcomes = sorted(self.goals.values(), key=lambda o: (o["last_at"], o["goal"]))

        def of_goals(name: str) -> Any:
            # Between outcomes the one with the latest event speaks.
            known = [outcome[name] for outcome in outcomes if outcome[name] is not None]
            return known[-1] if known else None

        def of_session(name: str) -> Any:
            return _latest(sessions, lambda record: record.get(name))

        reported_start = _latest(sessions, lambda r: r.get("started_at"))
        reported_end = _latest(sessions, lambda r: r.get("ended_at"))
        seen = sorted(record["at"] for record in self.records)
        acted = sorted(record["at"] for name in ("cost", "turn", "goal") for record in self.of_type[name])
        started = _instant(reported_start) if reported_start else (acted or seen)[0]
        ended = _instant(reported_end) if reported_end else seen[-1]
        turns = self.of_type["turn"]
        return {
            "environment": self.key[0],
            "session_id": self.key[1],
            "agent": _first(
                of_session("agent"), of_goals("own_agent"), _first(*(cost.get("agent") for cost in self.of_type["cost"]))
            ),
            "agent_version": of_session("agent_version"),
            "customer_id": _first(of_session("customer_id"), of_goals("own_customer")),
            "customer_segment": of_session("customer_segment"),
            "channel": of_session("channel"),
            "model": _first(of_session("model"), self._costliest_model()),
            "experiment": _first(of_session("experiment"), of_goals("own_experiment")),
            "variant": _first(of_session("variant"), of_goals("own_variant")),
            "started_at": started,
            "ended_at": ended,
            "session_date": _local_date(started, self.settings),
            "is_start_reported": reported_start is not None,
            "duration_seconds": (ended - started).total_seconds(),
            "count_turns": len(turns),
            "count_user_turns": sum(turn["role"] == "user" for turn in turns),
            "count_tool_turns": sum(turn["role"] == "tool" for turn in turns),
            "is_escalated": any(outcome["is_escalated"] for outcome in outcomes),
            "metadata": _latest(sessions, lambda r: r.get("metadata")),
        }

    def _costliest_model(self) -> str | None:
        by_model: dict[str, Decimal] = {}
        for cost in self.of_type["cost"]:
            if cost.get("cost_type") == "llm" and cost.get("model"):
                by_model[cost["model"]] = by_model.get(cost["model"], Decimal(0)) + (cost.get("amount_converted") or 0)
        return min(by_model, key=lambda model: (-by_model[model], model)) if by_model else None

    def _times(self, session: Row) -> None:
        for outcome in self.goals.values():
            seconds = None
            first = outcome.get("first_automatic_achieved_at")
            if outcome["verdict"] == "achieved":
                seconds = outcome["reported_seconds"]
                is_own_event = not session["is_start_reported"] and first == session["started_at"]
                if seconds is None and first is not None and not is_own_event:
                    seconds = (first - session["started_at"]).total_seconds()
            outcome["has_negative_time_to_goal"] = seconds is not None and seconds < 0
            outcome["time_to_goal_seconds"] = None if outcome["has_negative_time_to_goal"] else seconds

    # Rule 8: costs.

    def _sharers(self, among: Callable[[Row], bool]) -> list[tuple[str, Fraction]]:
        """The leaf goals that share an amount and their weights, in the order in which they take the remainder."""
        leaves = sorted((o for o in self.goals.values() if o["is_leaf"] and among(o)), key=lambda o: self._sequence(o["goal"]))
        weights = [self._weight(leaf) for leaf in leaves]
        if not any(weights):
            weights = [Fraction(1)] * len(leaves)
        return list(zip((leaf["goal"] for leaf in leaves), weights, strict=True))

    def _weight(self, outcome: Row) -> Fraction:
        if self.settings.cost_allocation == "even":
            return Fraction(1)
        if self.settings.cost_allocation == "primary":
            return Fraction(outcome["is_primary"])
        weight = self.defined.get(outcome["goal"], {}).get("weight")
        return Fraction(1 if weight is None else weight)

    def _sequence(self, goal: str) -> tuple[bool, int, str]:
        sequence = self.defined.get(goal, {}).get("sequence")
        return sequence is None, int(sequence or 0), goal

    def _cost_lines(self) -> list[Row]:
        lines = []
        for cost in self.of_type["cost"]:
            amount, goal = cost.get("amount_converted"), cost.get("goal")
            is_evaluation = cost.get("cost_type") == "evaluation"
            receivers = self._sharers(lambda _: True)
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

    def _costs(self, lines: list[Row]) -> None:
        for goal, outcome in self.goals.items():
            own = [line for line in lines if line["goal"] == goal]
            outcome["own_cost"] = _sum(line["amount"] for line in own)
            outcome["count_missing_amounts"] = sum(line["amount"] is None for line in own)
        for goal, outcome in self.goals.items():
            outcome["rolled_up_cost"] = _sum([outcome["own_cost"], *(other["own_cost"] for other in self._below(goal))])
            outcome["metric_cost"] = outcome["rolled_up_cost"]

    # Rule 9: value.

    def _values(self, session: Row) -> None:
        known = [event for event in self.of_type["value"] if event["amount_converted"] is not None]
        unattributed: list[Decimal] = []
        unrealised = [event["amount_converted"] for event in known if event.get("goal") and event["goal"] not in self.goals]
        for goal, outcome in self.goals.items():
            named = _sum(event["amount_converted"] for event in known if event.get("goal") == goal)
            outcome["landed"] = named if named is not None else outcome.get("money")
            is_achieved = outcome["verdict"] == "achieved"
            outcome["own_value"] = outcome["landed"] if is_achieved else None
            outcome["unrealised_value"] = None if is_achieved else outcome["landed"]
            unrealised.append(outcome["unrealised_value"])
        receivers = self._sharers(lambda outcome: outcome["verdict"] == "achieved" and outcome["landed"] is None)
        for event in known:
            if event.get("goal"):
                continue
            if receivers:
                shares = split(event["amount_converted"], [weight for _, weight in receivers])
                for (goal, _), share in zip(receivers, shares, strict=True):
                    self.goals[goal]["own_value"] = (self.goals[goal]["own_value"] or 0) + share
            else:
                unattributed.append(event["amount_converted"])
        for goal, outcome in sorted(self.goals.items(), key=lambda item: -item[1]["depth"]):
            below = self._below(goal)
            is_valued_below = any(_first(other["own_value"], other["default_value"]) is not None for other in below)
            has_value = outcome["own_value"] is not None or is_valued_below
            default = self.defined.get(goal, {}).get("value_per_achievement")
            is_due = outcome["verdict"] == "achieved" and not has_value and default is not None
            outcome["default_value"] = Decimal(default) if is_due else None
            outcome["rolled_up_value"] = _sum(_first(o["own_value"], o["default_value"]) for o in [outcome, *below])
            outcome["potential_value"] = None
            if outcome["verdict"] == "achieved":
                outcome["potential_value"] = outcome["rolled_up_value"]
            elif outcome["verdict"] == "not_achieved":
                defined_value = None if default is None else Decimal(default)
                outcome["potential_value"] = _first(outcome["expected_value"], outcome["money"], defined_value)
        session["attributed_value"] = _sum(outcome["own_value"] for outcome in self.goals.values())
        session["unrealised_value"] = _sum(unrealised)
        session["unattributed_value"] = _sum(unattributed)
        session["landed_value"] = _sum(session[f"{name}_value"] for name in ("attributed", "unrealised", "unattributed"))
        session["default_value"] = _sum(outcome["default_value"] for outcome in self.goals.values())

    # Sessions in sum.

    def _summarise(self, session: Row, lines: list[Row]) -> None:
        outcomes = list(self.goals.values())
        verdicts = [outcome["verdict"] for outcome in outcomes]
        session["count_goals"] = len(outcomes)
        session["count_goals_achieved"] = verdicts.count("achieved")
        session["count_goals_attempted"] = verdicts.count("achieved") + verdicts.count("not_achieved")
        session["count_goals_unjudged"] = verdicts.count("unjudged")
        session["count_goals_not_applicable"] = verdicts.count("not_applicable")
        deciding = [
            o["verdict"]
            for o in outcomes
            if o["is_recorded_top_level"] and o["goal_kind"] != "evaluation" and o["verdict"] != "not_applicable"
        ]
        is_judged = any(verdict != "unjudged" for verdict in deciding)
        session["is_successful"] = all(verdict == "achieved" for verdict in deciding) if is_judged else None
        session["total_cost"] = _sum(line["amount"] for line in lines)
        for kind in ("llm", "tool", "retrieval", "infrastructure", "human", "other", "evaluation"):
            session[f"{kind}_cost"] = _sum(line["amount"] for line in lines if line["cost_type"] == kind)
        landed = [line for line in lines if line["attribution"] in ("direct", "shared")]
        session["attributed_cost"] = _sum(line["amount"] for line in landed)
        session["unjudged_cost"] = _sum(line["amount"] for line in landed if self.goals[line["goal"]]["verdict"] == "unjudged")
        session["unattributed_cost"] = _sum(line["amount"] for line in lines if line["attribution"] == "unattributed")
        costs = self.of_type["cost"]
        session["count_cost_events"] = len(costs)
        session["count_missing_amounts"] = sum(cost.get("amount_converted") is None for cost in costs)
        session["input_tokens"] = _sum(cost.get("input_tokens") for cost in costs)
        session["output_tokens"] = _sum(cost.get("output_tokens") for cost in costs)

    def _finish(self, outcome: Row, session: Row) -> None:
        for name in ("agent", "experiment", "variant"):
            outcome[name] = _first(outcome.get(f"own_{name}"), session[name])
        for name in ("environment", "session_id", "customer_id", "customer_segment", "channel", "model", "session_date"):
            outcome[name] = session[name]
        outcome["session_started_at"] = session["started_at"]
        outcome["is_achieved"] = {"achieved": True, "not_achieved": False}.get(outcome["verdict"])
        score, threshold = outcome.get("score"), outcome.get("threshold")
        is_attainable = score is not None and threshold is not None and threshold > 0
        outcome["score_attainment"] = (
            min(_decimal(score / threshold), Decimal(1))
            if is_attainable and outcome["threshold_operator"] in (">=", ">")
            else None
        )


def _metadata_number(record: Row, name: str) -> float | None:
    return _number(_metadata(record, name))


def _reported_seconds(event: Row) -> float | None:
    inside = (_number(_metadata(event, name)) for name in ("time_to_resolution_seconds", "resolution_time_seconds"))
    return _first(_float(event.get("time_to_goal_seconds")), *inside)


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value)).quantize(UNIT, ROUND_HALF_UP)


def _met(score: float, operator: str, threshold: float) -> bool:
    return {
        ">=": score >= threshold,
        ">": score > threshold,
        "<=": score <= threshold,
        "<": score < threshold,
        "=": score == threshold,
    }[operator]


def _is_expected(definition: Row, agent: str | None) -> bool:
    names = [name.strip() for name in (definition.get("expected_agents") or "").split(",")]
    return "*" in names or agent in names


def _climb(goal: str, parents: Mapping[str, str]) -> list[str]:
    """The goals above, nearest first; on a cycle the goal itself comes last."""
    above: list[str] = []
    while goal in parents and parents[goal] not in above:
        goal = parents[goal]
        above.append(goal)
    return above


def _may_share(outcome: Row) -> bool:
    return outcome["is_recorded"] and outcome["goal_kind"] != "evaluation" and outcome["verdict"] != "not_applicable"


def _local_date(at: datetime, settings: Settings) -> date:
    return at.astimezone(ZoneInfo(settings.timezone)).date()


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
        "landed_amount": _decimal(cost.get("amount")),
        "currency": cost["currency_used"],
    }


def _price_status(cost: Row) -> str:
    """Of a project without a price list."""
    if cost.get("amount") is not None:
        return "no_rate" if cost.get("amount_converted") is None else "booked"
    return "unpriced" if any(cost.get(name) is not None for name in TOKENS) else "no_tokens"


# Section 4: the daily metrics.


def _daily(outcomes: list[Row], defined: Mapping[str, Row], settings: Settings) -> list[Row]:
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for outcome in outcomes:
        if outcome["environment"] in settings.environments:
            dimensions = [outcome[name] or "unknown" for name in ("agent", "goal", "customer_segment", "model")]
            groups.setdefault((outcome["session_date"], outcome["environment"], *dimensions), []).append(outcome)
    rows = []
    for (day, environment, agent, goal, segment, model), group in groups.items():
        top_level = [outcome for outcome in group if outcome["is_top_level"] and outcome["goal_kind"] != "evaluation"]
        parts = _parts(group)
        target = defined.get(goal, {}).get("target_achievement_rate")
        rows.append(
            {
                "metric_date": day,
                "environment": environment,
                "agent": agent,
                "goal": goal,
                "customer_segment": segment,
                "model": model,
                **parts,
                **_metrics(parts),
                "target_achievement_rate": _decimal(target),
                **{f"top_level_{name}": value for name, value in _parts(top_level).items()},
            }
        )
    return rows


def _sessions_daily(sessions: list[Row], settings: Settings) -> list[Row]:
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for session in sessions:
        if session["environment"] in settings.environments:
            dimensions = [session[name] or "unknown" for name in ("agent", "customer_segment", "model")]
            groups.setdefault((session["session_date"], session["environment"], *dimensions), []).append(session)
    amounts = ("total", "attributed", "unjudged", "unattributed", "evaluation")
    summed = [f"{name}_cost" for name in amounts]
    summed += [f"{name}_value" for name in ("landed", "attributed", "unrealised", "unattributed", "default")]
    summed += ["count_cost_events", "count_missing_amounts", "input_tokens", "output_tokens"]
    rows = []
    for (day, environment, agent, segment, model), group in groups.items():
        verdicts = [session["is_successful"] for session in group]
        sums = {name: _sum(session[name] for session in group) for name in summed}
        own_cost = _sum([sums["attributed_cost"], sums["unattributed_cost"]])
        rows.append(
            {
                "metric_date": day,
                "environment": environment,
                "agent": agent,
                "customer_segment": segment,
                "model": model,
                "count_sessions": len(group),
                "count_judged_sessions": len(verdicts) - verdicts.count(None),
                "count_successful_sessions": verdicts.count(True),
                "count_escalated_sessions": sum(session["is_escalated"] for session in group),
                **sums,
                "session_success_rate": _quotient(verdicts.count(True), len(verdicts) - verdicts.count(None)),
                "cost_per_session": _quotient(own_cost, len(group)),
            }
        )
    return rows


def _parts(outcomes: list[Row]) -> Row:
    achieved, failed, unjudged, not_applicable = (
        [outcome for outcome in outcomes if outcome["verdict"] == verdict]
        for verdict in ("achieved", "not_achieved", "unjudged", "not_applicable")
    )
    judged = achieved + failed
    scores = [outcome["score"] for outcome in outcomes if outcome.get("score") is not None]
    attainments = [outcome["score_attainment"] for outcome in judged if outcome["score_attainment"] is not None]
    times = [outcome["time_to_goal_seconds"] for outcome in achieved if outcome["time_to_goal_seconds"] is not None]
    expected = [outcome for outcome in outcomes if outcome["is_expected"] and outcome["verdict"] != "not_applicable"]
    return {
        "count_outcomes": len(outcomes),
        "count_achieved": len(achieved),
        "count_not_achieved": len(failed),
        "count_unjudged": len(unjudged),
        "count_not_applicable": len(not_applicable),
        "count_timed": len(times),
        "count_scored": len(scores),
        "count_attainments": len(attainments),
        "count_missing_potential_value": sum(outcome["potential_value"] is None for outcome in failed),
        "count_expected": len(expected),
        "count_expected_judged": sum(outcome["verdict"] != "unjudged" for outcome in expected),
        "achieved_cost": _sum(outcome["metric_cost"] for outcome in achieved),
        "not_achieved_cost": _sum(outcome["metric_cost"] for outcome in failed),
        "unjudged_cost": _sum(outcome["metric_cost"] for outcome in unjudged),
        "achieved_value": _sum(outcome["rolled_up_value"] for outcome in achieved),
        "potential_value": _sum(outcome["potential_value"] for outcome in judged),
        "sum_time_to_goal_seconds": _sum(times),
        "sum_score": _sum(scores),
        "sum_attainment": _sum(attainments),
    }


def _metrics(parts: Row) -> Row:
    cost_of_both = _sum([parts["achieved_cost"], parts["not_achieved_cost"]])
    count_achieved = parts["count_achieved"]
    is_potential_known = parts["count_missing_potential_value"] == 0
    value = parts["achieved_value"]
    # Where nothing was achieved, nothing was spent or earned on it: that much is known.
    known_cost, known_value = (0 if not count_achieved else parts[name] for name in ("achieved_cost", "achieved_value"))
    return {
        "goal_achievement_rate": _quotient(count_achieved, count_achieved + parts["count_not_achieved"]),
        "cost_per_goal_achieved": _quotient(parts["achieved_cost"], count_achieved),
        "fully_loaded_cost_per_goal": _quotient(cost_of_both, count_achieved),
        "goal_efficiency": _quotient(known_cost, cost_of_both),
        "average_time_to_goal_seconds": _quotient(parts["sum_time_to_goal_seconds"], parts["count_timed"]),
        "value_per_goal": _quotient(value, count_achieved),
        "value_weighted_achievement": _quotient(known_value, parts["potential_value"]) if is_potential_known else None,
        "return_on_cost": _quotient(known_value, cost_of_both),
        "net_value": None if known_value is None or cost_of_both is None else known_value - cost_of_both,
        "average_score": _quotient(parts["sum_score"], parts["count_scored"]),
        "score_attainment": _quotient(parts["sum_attainment"], parts["count_attainments"]),
        "verdict_coverage": _quotient(parts["count_expected_judged"], parts["count_expected"]),
    }


def _quotient(numerator: Any, denominator: Any) -> float | None:
    return None if numerator is None or not denominator else float(Fraction(numerator) / Fraction(denominator))


def same_json(text: str | None, value: Any) -> bool:
    """Whether a mart's text of a JSON object says what was sent."""
    return value is None if text is None else json.loads(text) == value
