from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as budget
from hypothesis import strategies as st
from server import wait_until

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
ADD = """
    INSERT INTO predictions (instance, sequence, request_id, predicted_at, label, confidence,
        known_words, model_version, text, text_sha256)
    VALUES ('a test', %s, %s, %s, %s, 0.75, 3, '2026-11-23.1', NULL, NULL)
"""
within = budget(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


def add(server: Any, number: int, seconds: float, label: str = "positive") -> None:
    time = START + timedelta(seconds=seconds)
    server.ask(ADD, number, f"request-{number}", time, label)


def names(client: Any, **filters: Any) -> list[str]:
    """The request ids of every page, one after the other."""
    found: list[str] = []
    while True:
        page = get(client, **filters).json()
        found += [one["request_id"] for one in page["predictions"]]
        if page["next"] is None:
            return found
        assert len(page["predictions"]) == filters.get("limit", 50)
        filters["before"] = page["next"]


def get(client: Any, **filters: Any) -> Any:
    return client.runner.run(client.http.get("/predictions", params=filters))


def test_an_answer_is_in_the_history_under_its_request_id(recording: Any) -> None:
    answer = recording.ask("the film is superb")
    wait_until(lambda: get(recording).json()["predictions"] != [])
    [shown] = get(recording).json()["predictions"]
    assert shown["request_id"] == answer.headers["X-Request-ID"]
    assert shown["sequence"] == 1
    assert shown["text"] == "the film is superb"
    assert {name: shown[name] for name in answer.json()} == answer.json()


def test_an_empty_history_is_an_empty_page(recording: Any) -> None:
    assert get(recording).json() == {"predictions": [], "next": None}


@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["positive", "negative"])), max_size=25),
    st.integers(1, 30),
    st.sampled_from([None, "positive", "negative"]),
    st.integers(0, 3),
    st.integers(0, 4),
)
@within
def test_pages_hold_what_fits_the_filters_once_and_the_newest_first(
    recording: Any,
    server: Any,
    rows: list[tuple[int, str]],
    limit: int,
    label: str | None,
    since: int,
    until: int,
) -> None:
    server.ask("TRUNCATE predictions")
    for number, (seconds, its_label) in enumerate(rows):
        add(server, number, seconds, its_label)
    fit = [
        (seconds, number)
        for number, (seconds, its_label) in enumerate(rows)
        if label in (None, its_label) and since <= seconds < until
    ]
    filters = {
        "limit": limit,
        "since": (START + timedelta(seconds=since)).isoformat(),
        "until": (START + timedelta(seconds=until)).isoformat(),
        **({"label": label} if label else {}),
    }
    assert names(recording, **filters) == [
        f"request-{number}" for _, number in sorted(fit, reverse=True)
    ]


def test_rows_that_come_in_between_move_nothing_to_another_page(
    recording: Any, server: Any
) -> None:
    for number in range(4):
        add(server, number, number)
    first = get(recording, limit=2).json()
    add(server, 4, 4)
    second = get(recording, limit=2, before=first["next"]).json()
    assert [one["sequence"] for one in first["predictions"] + second["predictions"]] == [3, 2, 1, 0]


def test_a_page_is_read_from_an_index_however_far_back_it_is(recording: Any, server: Any) -> None:
    from sentiment.history import PAGE

    server.ask(
        "INSERT INTO predictions (instance, sequence, request_id, predicted_at, label, confidence, "
        "known_words, model_version) SELECT 'a test', number, 'request', now() - number * "
        "interval '1 s', 'positive', 1, 1, '1' FROM generate_series(1, 20000) AS number"
    )
    server.ask("ANALYZE predictions")
    place = {"time": START + timedelta(days=365), "id": 10**9}
    plan = server.ask(f"EXPLAIN {PAGE}", label=None, since=None, until=None, rows=51, **place)
    assert "Index Scan Backward using predictions_predicted_at_id_idx" in str(plan)
    assert "Sort" not in str(plan)


@pytest.mark.parametrize(
    "filters",
    [
        {"limit": 0},
        {"limit": 501},
        {"limit": "all"},
        {"label": "neutral"},
        {"label": "positive' OR 1=1 --"},
        {"since": "yesterday"},
        {"since": "2026-11-23T12:00:00"},
        {"since": "1764000000"},
        {"until": "-217202829.4"},
        {"since": "0001-01-01T00:00:00+14:00"},
        {"until": "9999-12-31T23:59:59-14:00"},
        {"before": "1"},
        {"before": "1-1; DROP TABLE predictions"},
        {"before": "9" * 18 + "-1"},
        {"before": "1-1\n"},
        {"before": "١-١"},
    ],
    ids=str,
)
def test_a_filter_that_is_none_is_refused_with_a_sentence(
    recording: Any, filters: dict[str, Any]
) -> None:
    answer = get(recording, **filters)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(f"query.{next(iter(filters))}: ")


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        ({"before": "x"}, "is not the `next` of a page"),
        ({"before": ""}, "is not the `next` of a page"),
        ({"limit": 0}, "greater than or equal to 1"),
        ({"limit": 501}, "less than or equal to 500"),
        ({"limit": "x"}, "a valid integer"),
        ({"label": "good"}, "'negative' or 'positive'"),
        ({"since": "1"}, "is not a date and a time"),
        ({"until": "2026-11-23T12:00:00"}, "should have timezone info"),
    ],
    ids=str,
)
def test_a_filter_that_is_none_says_what_it_wants(
    recording: Any, filters: dict[str, Any], wanted: str
) -> None:
    assert wanted in get(recording, **filters).json()["detail"]


@pytest.mark.parametrize("place", ["0-0", "9" * 17 + "-" + "9" * 18])
def test_a_place_where_nothing_is_is_no_error(recording: Any, place: str) -> None:
    assert get(recording, before=place).status_code == 200


def test_while_the_database_is_away_the_history_says_so(recording: Any, server: Any) -> None:
    with server.stopped():
        answer = get(recording)
    assert answer.status_code == 503
    assert answer.json() == {
        "detail": "the database does not answer; predictions go on, and are recorded later"
    }
