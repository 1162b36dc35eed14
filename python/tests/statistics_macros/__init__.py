"""The package's statistics macros on DuckDB, against scipy, statsmodels, closed forms and published figures."""
