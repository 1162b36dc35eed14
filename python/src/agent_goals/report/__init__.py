"""A report on one page: what agents achieve, what it costs and why, from the marts that dbt built."""
