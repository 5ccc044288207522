"""Deliberate breaks, and how they are mended."""
