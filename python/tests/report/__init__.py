"""The report: its figures, its page, and the page in a browser."""
