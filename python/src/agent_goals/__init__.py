"""Record, validate and load what AI agents achieve: goals, costs and values."""
