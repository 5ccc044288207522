from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sentiment import retention

ADD = """
    INSERT INTO predictions (instance, sequence, request_id, predicted_at, label, confidence,
        known_words, model_version)
    SELECT 'a test', number, 'request', %s, 'positive', 1, 1, '1'
    FROM generate_series(%s, %s) AS number
"""


@pytest.mark.parametrize("at_once", [10_000, 10, 3])
def test_what_is_older_than_the_limit_is_deleted_and_nothing_else(
    server: Any, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(retention, "ROWS_AT_ONCE", at_once)
    now = datetime.now(UTC)
    server.ask(ADD, now - timedelta(days=30, minutes=1), 1, 10)
    server.ask(ADD, now - timedelta(days=30, minutes=-1), 11, 12)
    server.ask(ADD, now, 13, 14)
    settings = server.settings("predictions_owner")
    assert retention.delete_old(settings) == 10
    assert retention.delete_old(settings) == 0
    left = server.ask("SELECT sequence FROM predictions ORDER BY 1")
    assert left == [(11,), (12,), (13,), (14,)]
