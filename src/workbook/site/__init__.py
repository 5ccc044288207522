"""The pages that mkdocs publishes."""
