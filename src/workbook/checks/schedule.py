"""Whether a schedule in cron's own words runs every day.

Like check.py, this needs the standard library only.
"""

from datetime import date, timedelta

DAYS_TO_LOOK_AHEAD = 4 * 366  # a leap day is among them
MACROS = {"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *"}
ANY = ("*", "?")
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]


def days_without(schedule: str, start: date) -> list[date]:
    """The days of the next four years on which a schedule does not run.

    Args:
        schedule: five fields (minute, hour, day of the month, month, day of the week), or one of
            @hourly, @daily and @midnight.
        start: the first day.

    Raises:
        ValueError: it cannot be read, or it runs less often than the words that are known.
    """
    fields = MACROS.get(schedule.strip(), schedule).split()
    if len(fields) != 5:
        raise ValueError(f"{schedule!r} has {len(fields)} fields, not five")
    minute, hour, day, month, weekday = fields
    _values(minute, 0, 59)
    _values(hour, 0, 23)
    days, months = _values(day, 1, 31), _values(month, 1, 12, MONTHS)
    weekdays = {each % 7 for each in _values(weekday, 0, 7, WEEKDAYS)}
    missed = []
    for ahead in range(DAYS_TO_LOOK_AHEAD):
        each = start + timedelta(days=ahead)
        by_day, by_weekday = each.day in days, each.isoweekday() % 7 in weekdays
        # where both are restricted, cron takes either
        either = day not in ANY and weekday not in ANY
        runs = by_day or by_weekday if either else by_day and by_weekday
        if not runs or each.month not in months:
            missed.append(each)
    return missed


def _values(field: str, least: int, most: int, names: list[str] | None = None) -> set[int]:
    """The numbers that a field stands for.

    Raises:
        ValueError: it stands for none.
    """
    found: set[int] = set()
    for part in field.lower().split(","):
        span, _, step = part.partition("/")
        if span in ANY:
            first, last = least, most
        else:
            begin, dash, end = span.partition("-")
            first = _number(begin, least, names)
            last = _number(end, least, names) if dash else most if step else first
        if not least <= first <= last <= most:
            raise ValueError(f"{part!r} is not within {least} and {most}")
        found |= {*range(first, last + 1, int(step or 1))}
    return found


def _number(word: str, least: int, names: list[str] | None) -> int:
    if names and word in names:
        return names.index(word) + least
    return int(word)
