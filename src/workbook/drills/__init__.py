"""Deliberate breaks, and how they are fixed."""
