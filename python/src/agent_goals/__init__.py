"""Record, validate and load what AI agents achieve: goals, costs and values."""

from agent_goals.client import GoalClient, InvalidRecord, Receipt, RecordLost

__all__ = ["GoalClient", "InvalidRecord", "Receipt", "RecordLost"]
