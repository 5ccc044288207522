"""Requests that are sent to the learner's service, and what became of each."""
