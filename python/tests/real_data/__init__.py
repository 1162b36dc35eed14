"""Published runs of real agents, turned into records, and the figures known for them."""
