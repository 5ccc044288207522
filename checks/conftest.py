"""How checks are run and reported, and what those of every phase may look at."""

pytest_plugins = ["workbook.checks.plugin", "workbook.checks.fixtures"]
