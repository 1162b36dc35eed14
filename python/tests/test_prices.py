"""The price list of models: what the command writes, and that the SQL prices tokens by it as genai-prices does."""

from __future__ import annotations

import os
import random
import re
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import genai_prices
import pytest
from click.testing import CliRunner
from genai_prices import data_snapshot
from genai_prices.types import ClauseRegex, StartDateConstraint, TieredPrices, TimeOfDateConstraint

from agent_goals import files, prices
from agent_goals.cli import main
from loading_helpers import write_lines
from project import ROOT, Marts, build_marts

SEED = ROOT / "seeds" / "definitions" / "model_prices.csv"
UNIT = Decimal(1).scaleb(-10)
SAMPLE = 6000

#: Ways in which people name providers, besides the ids.
PROVIDER_NAMES = [
    "OpenAI", " openai ", "azure.ai.openai", "AWS Bedrock", "aws.bedrock", "amazon", "vertex_ai", "gcp.vertex_ai",
    "Google Gemini", "anthropic-direct", "xai", "x_ai", "mistralai", "huggingface/cerebras", "nobody", "litellm", "LiteLLM",
]  # fmt: skip


# --- what the command writes


def run(*arguments: str) -> Any:
    return CliRunner().invoke(main, ["prices", *arguments])


def test_the_shipped_seed_is_what_the_command_writes_for_the_locked_version(tmp_path: Path) -> None:
    locked = re.search(r"^genai-prices==(\S+)", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE)
    assert locked is not None
    if genai_prices.__version__ != locked[1]:
        pytest.skip(f"genai-prices {genai_prices.__version__} is installed, and the seed is that of {locked[1]}")
    assert run("--output", str(tmp_path / "prices.csv")).exit_code == 0
    assert (tmp_path / "prices.csv").read_bytes() == SEED.read_bytes()


def test_a_second_run_writes_the_same_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("what was there before", encoding="utf-8")
    first = run("--output", str(path))
    written = path.read_bytes()
    second = run("--output", str(path))
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert path.read_bytes() == written
    assert [each.name for each in tmp_path.iterdir()] == ["prices.csv"]
    assert run().stdout.encode() == written


def test_the_command_says_what_the_list_does_not_hold() -> None:
    told = run().stderr
    assert f"genai-prices {genai_prices.__version__}" in told
    assert "service tier" in told
    assert "audio" in told


def test_a_file_that_cannot_be_written_is_named_with_what_to_do(tmp_path: Path) -> None:
    outcome = run("--output", str(tmp_path / "nowhere" / "prices.csv"))
    assert outcome.exit_code == 2
    assert "nowhere/prices.csv: No such file or directory. Name a file in a folder that exists" in outcome.stderr


def test_a_write_that_fails_leaves_the_old_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "prices.csv"
    path.write_text("what was there before", encoding="utf-8")
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(files.WriteError, match="Permission denied"):
        files.write_whole(path, "new")
    assert path.read_text(encoding="utf-8") == "what was there before"
    assert [each.name for each in tmp_path.iterdir()] == ["prices.csv"]


def test_without_genai_prices_the_command_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "genai_prices", None)
    outcome = run()
    assert outcome.exit_code == 2
    assert "pip install 'agent-goals[prices]'" in outcome.stderr


def test_a_rule_that_no_row_can_hold_is_left_out_and_said() -> None:
    left_out: list[str] = []
    assert prices._rules(ClauseRegex("^gpt(?=-5)"), "openai gpt-5", left_out) == []
    assert left_out == ["openai gpt-5: ClauseRegex(regex='^gpt(?=-5)')"]


# --- that the SQL prices tokens as genai-prices does


class Sampler:
    """Cost records with names, times and token counts chosen to hit every rule, date and tier edge."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.providers = data_snapshot.get_snapshot().providers
        self.names = [row for row in prices.price_list().rows if row["matched_name"] == "model"]
        models = [model for provider in self.providers for model in provider.models]
        constraints = [each.constraint for model in models if isinstance(model.prices, list) for each in model.prices]
        self.dates = sorted({each.start_date for each in constraints if isinstance(each, StartDateConstraint)})
        self.times = sorted(
            {at for each in constraints if isinstance(each, TimeOfDateConstraint) for at in (each.start_time, each.end_time)}
        )
        self.tiers = sorted({int(row["tokens_above"]) for row in self.names if row["tokens_above"]})

    def record(self, number: int) -> dict[str, Any]:
        provider, model = self.name()
        return {
            "type": "cost",
            "event_id": f"cost-{number}",
            "session_id": f"session-{number % 50}",
            "occurred_at": self.time().isoformat(),
            "cost_type": "llm",
            "provider": provider,
            "model": model,
            **self.tokens(),
        }

    def name(self) -> tuple[str | None, str]:
        row = self.random.choice(self.names)
        provider: str | None = row["provider"]
        model = self.respelled(row["match_text"] if row["match_kind"] != "regex" else row["model"])
        kind = self.random.random()
        if kind < 0.2:
            provider = None
        elif kind < 0.3:
            provider = self.random.choice(PROVIDER_NAMES)
        elif kind < 0.35:
            provider, model = "litellm", f"{self.random.choice([provider, 'nobody', 'Vertex AI'])}/{model}"
        elif kind < 0.4:
            provider = self.random.choice(self.providers).id
        return provider, model

    def respelled(self, model: str) -> str:
        kind = self.random.random()
        if kind < 0.1:
            return model.upper()
        if kind < 0.2:
            return re.sub(r"-(20\d\d)-(\d\d)-(\d\d)", r"-\1\2\3", model)
        if kind < 0.3:
            return re.sub(r"-(20\d\d)(\d\d)(\d\d)", r"-\1-\2-\3", model)
        if kind < 0.45:
            suffixes = [
                "-20251211",
                "-2025-12-11",
                "-20259911",
                "-20251211:batch",
                "-v1:0",
                "@20250514",
                "-preview-tts",
                "-mini",
                "_x",
            ]
            return model + self.random.choice(suffixes)
        if kind < 0.5:
            return self.random.choice(["us.", "eu.anthropic.", "models/", "openai/", "ft:"]) + model
        return model

    def time(self) -> datetime:
        day = self.random.choice(self.dates)
        at = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=self.random.choice([-400, -1, 0, 0, 1, 400]))
        kind = self.random.random()
        if kind < 0.4:
            return at + timedelta(microseconds=self.random.choice([-1, 0, 1]))
        if kind < 0.7:
            edge = self.random.choice(self.times)
            edge_seconds = edge.hour * 3600 + edge.minute * 60
            return at + timedelta(seconds=edge_seconds, microseconds=self.random.choice([-1, 0, 1]))
        return at + timedelta(seconds=self.random.randrange(86400))

    def tokens(self) -> dict[str, int | None]:
        near_tier = self.random.choice(self.tiers) + self.random.choice([-1, 0, 1])
        sent = self.random.choice([0, 1, self.random.randrange(50_000), self.random.randrange(2_000_000), near_tier])
        written = self.random.choice([0, self.random.randrange(5000), self.random.randrange(200_000)])
        tokens: dict[str, int | None] = {"input_tokens": sent, "output_tokens": written}
        if self.random.random() < 0.5:
            tokens["cache_read_tokens"] = self.random.randint(0, sent)
            tokens["cache_write_tokens"] = self.random.choice(
                [0, self.random.randint(0, sent - (tokens["cache_read_tokens"] or 0))]
            )
        if self.random.random() < 0.3:
            tokens["reasoning_tokens"] = self.random.randint(0, written)
        if self.random.random() < 0.03:
            tokens["cache_read_tokens"] = sent + 1
        if self.random.random() < 0.03:
            tokens[self.random.choice(["input_tokens", "output_tokens"])] = None
        return {name: count for name, count in tokens.items() if count is not None}


def expected(record: dict[str, Any]) -> tuple[str, Decimal | None]:
    """What genai-prices makes of a record. Tokens of a kind without a price are free to it, and unpriced here;
    reasoning without output, which it passes over where output has no price, is a contradiction here.
    """
    at = datetime.fromisoformat(record["occurred_at"])
    given = {name: count for name, count in record.items() if name.endswith("_tokens")}
    given["output_reasoning_tokens"] = given.pop("reasoning_tokens", None)
    usage = genai_prices.Usage(**given)
    try:
        _, model = data_snapshot.get_snapshot().find_provider_model(record["model"], None, record["provider"], None)
    except LookupError:
        return "unpriced", None
    known = model.get_prices(at)
    has_input, has_output = known.input_mtok is not None, known.output_mtok is not None
    if (
        not (has_input or has_output)
        or (given.get("input_tokens") and not has_input)
        or (given.get("output_tokens") and not has_output)
    ):
        return "unpriced", None
    if given["output_reasoning_tokens"] and given.get("output_tokens") is None:
        return "unusable_tokens", None
    try:
        price = genai_prices.calc_price(usage, record["model"], provider_id=record["provider"], genai_request_timestamp=at)
    except ValueError:
        return "unusable_tokens", None
    return "priced", price.total_price


@pytest.fixture(scope="module")
def sample() -> list[dict[str, Any]]:
    sampler = Sampler(20261122)
    return [sampler.record(number) for number in range(SAMPLE)]


@pytest.fixture(scope="module")
def priced(sample: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Marts:
    folder = tmp_path_factory.mktemp("prices")
    return build_marts(folder, [write_lines(folder / "costs.ndjson", sample)])


@pytest.mark.xdist_group("prices")
def test_a_sample_costs_what_genai_prices_says(sample: list[dict[str, Any]], priced: Marts) -> None:
    found = priced.by_group(
        "select event_id, price_status, priced_amount from main_agent_goals_staging.stg_agent_goals__cost_events"
    )
    assert len(found) == len(sample)
    statuses: Counter[str] = Counter()
    told = []
    for record in sample:
        status, price = expected(record)
        row = found[record["event_id"]]
        statuses[status] += 1
        if row["price_status"] != status or not is_close(row["priced_amount"], price):
            told.append(f"{record}: {row['price_status']} {row['priced_amount']}, expected {status} {price}")
    assert not told, f"{len(told)} of {len(sample)} differ:\n" + "\n".join(told[:20])
    assert statuses["priced"] > SAMPLE / 2
    assert min(statuses[status] for status in ("unpriced", "unusable_tokens")) > SAMPLE / 100


def is_close(found: Decimal | None, price: Decimal | None) -> bool:
    """Equal to the tenth place. The list's prices have eleven places: a longer one may move the tenth by one."""
    if found is None or price is None:
        return found is None and price is None
    return abs(found - price.quantize(UNIT, ROUND_HALF_UP)) <= UNIT


@pytest.mark.xdist_group("prices")
def test_the_sample_reaches_tiers_dates_hours_and_every_kind_of_rule(sample: list[dict[str, Any]], priced: Marts) -> None:
    rules = priced.rows("select distinct price_rule from main_agent_goals_staging.stg_agent_goals__model_names")
    kinds = {row["price_rule"].split("|")[3] for row in rules}
    assert kinds == {"equals", "starts_with", "ends_with", "contains", "regex"}
    snapshot = data_snapshot.get_snapshot()
    tiered = dated = hourly = 0
    for record in sample:
        try:
            _, model = snapshot.find_provider_model(record["model"], None, record["provider"], None)
        except LookupError:
            continue
        known = model.get_prices(datetime.fromisoformat(record["occurred_at"]))
        tiers = [tier.start for price in vars(known).values() if isinstance(price, TieredPrices) for tier in price.tiers]
        tiered += any(record.get("input_tokens", 0) > start for start in tiers)
        constraints = [each.constraint for each in model.prices] if isinstance(model.prices, list) else []
        dated += any(isinstance(each, StartDateConstraint) for each in constraints)
        hourly += any(isinstance(each, TimeOfDateConstraint) for each in constraints)
    assert min(tiered, dated, hourly) >= 20
