"""The part "Your turn" of a lesson, which is written from the phase's exercises."""

import re
from pathlib import Path

from workbook.course.phase import Phase
from workbook.exercises.exercise import Exercises

PART = re.compile(r"(?<=^<!-- exercises -->\n).*?(?=^<!-- end of exercises -->$)", re.M | re.S)
# jupytext would make a cell of a block whose language is python or sql
LANGUAGES = {".py": "py", ".sql": "postgresql", ".tf": "hcl"}
INTRODUCTION = """\
*{minutes} minutes. The phase is complete without them.* In these exercises, you write something \
yourself. In a terminal, in the workbook's folder, the first call of a command below gives you a \
file to edit. Each next call judges the file. If you are stuck, add `--hint` to the command.
"""
EXERCISE = """\
### {exercise.title}

*{exercise.minutes} minutes:* `./workbook exercise {number} {name}`

{exercise.goal}

<details><summary>The solution</summary>

```{language}
{solution}
```

</details>
"""


def with_exercises(lesson: str, phase: Phase) -> str:
    """The lesson with its exercises as they are now, where it has a place for them."""
    return PART.sub(lambda _: f"\n{_part(phase)}\n", lesson)


def _part(phase: Phase) -> str:
    exercises = Exercises(phase)
    there_are = {name: exercises.load(name) for name in exercises.names()}
    minutes = sum(exercise.minutes for exercise in there_are.values())
    parts = [
        EXERCISE.format(
            exercise=exercise,
            number=phase.number,
            name=name,
            language=_language(exercises.solution(name)),
            solution=exercises.solution(name).read_text(encoding="utf-8").rstrip(),
        )
        for name, exercise in there_are.items()
    ]
    return "\n".join([INTRODUCTION.format(minutes=minutes), *parts])


def _language(file: Path) -> str:
    return LANGUAGES.get(file.suffix, file.suffix.removeprefix("."))
