"""A small sentiment service: labelled texts, a model trained on them, an API that serves it."""
