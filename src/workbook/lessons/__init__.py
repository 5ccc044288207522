"""Lessons that run, and how a phase is left again."""
