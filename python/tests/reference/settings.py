"""The package's vars."""

from __future__ import annotations

from dataclasses import dataclass


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
    restate_definitions: bool = False
    funnel_period: str = "month"
