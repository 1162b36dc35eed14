"""`python -m agent_goals.cli`."""

from agent_goals.cli import main

main()
