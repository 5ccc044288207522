"""A hook of MkDocs: generates the pages of lessons and checks.

A lesson's page is the notebook that `workbook run` kept, so its output is real. If the lesson has
changed since that run, the page has no output and `--strict` fails.
"""

import logging
import os
import re
import textwrap
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
from jinja2 import DictLoader
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from nbconvert import MarkdownExporter

from workbook.checks.check import Check, check_of, checks_of
from workbook.course.changes import differences, is_code
from workbook.course.lesson import anchors, title_of
from workbook.course.manifest import TARGETS
from workbook.course.phase import Lesson, Phase, lessons, notebooks, phases
from workbook.drills.drill import Drill, System
from workbook.drills.impostor import impostors_of
from workbook.drills.of_phase import Drills
from workbook.exercises.exercise import Exercises
from workbook.learner.background import Background
from workbook.learner.choices import load_choices
from workbook.learner.drills import drill_names
from workbook.learner.runs import read_run
from workbook.lessons.cells import BASH, SOLUTION
from workbook.lessons.notebook import COLOURS, executed, is_of_lesson
from workbook.site.azure_steps import in_numbers, page_of, steps_of
from workbook.site.tabs import in_tabs

log = logging.getLogger("mkdocs.hooks.workbook")

MAP = "<!-- the map of the phases, from README.md -->"
NUMBERS = "<!-- the marks in numbers -->"
IN_MAP = re.compile(r"^\| (\d) \| (.+) \|$", re.MULTILINE)
FOLD = re.compile(
    r"^<details><summary>([^<]+)</summary>$(.*?)^</details>$", re.MULTILINE | re.DOTALL
)
LINK = re.compile(r"(?<=\]\()[^)\s#:]+")  # the file that a Markdown link names
TEMPLATE = """\
{% extends 'markdown/index.md.j2' %}
{% macro said(text) %}

````{ .text .no-copy title="Output" }
{{ text | plain }}
````
{% endmacro %}
{% macro plot(cell, output, kind) %}

![{{ cell | plot_title }}]({{ output.metadata.filenames[kind] | path2url }})
{% endmacro %}
{% block any_cell %}
{%- if 'tab' in cell.metadata %}
{% if cell.metadata.tab %}
==={{ "!" if cell.metadata.is_first_tab }} "{{ cell.metadata.tab }}"
{% endif %}
{{ super() | trim | indent }}
{% else %}{{ super() }}{% endif -%}
{% endblock %}
{% block codecell %}
{%- if cell.source | is_solution %}
??? question "How to find it"

{{ super() | trim | indent }}
{% else %}{{ super() }}{% endif -%}
{% endblock %}
{% block input %}
{{ cell | listing }}
{% endblock %}
{% block stream %}{{ said(output.text) }}{% endblock %}
{% block data_text scoped %}{{ said(output.data['text/plain']) }}{% endblock %}
{% block data_svg %}{{ plot(cell, output, 'image/svg+xml') }}{% endblock %}
{% block data_png %}{{ plot(cell, output, 'image/png') }}{% endblock %}
"""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add the lessons to the navigation: those of the phases, then the notebooks."""
    home, target = _where(config)
    there_are = phases(home, target)
    listed = []
    for older, phase in zip([None, *there_are], there_are, strict=False):
        listed.append({f"Phase {phase.number}": f"lessons/{phase.name}.md"})
        if older:
            title = f"From phase {older.number} to {phase.number}"
            listed.append({title: f"lessons/{phase.name}/changes.md"})
    across = [f"lessons/{each.name}.md" for each in notebooks(home, target)]
    first, *others = config.nav or []
    config.nav = [first, {"Lessons": listed}, {"Notebooks": across}, *others]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the lessons, their images, and the files that they link to."""
    home, target = _where(config)
    for lesson in lessons(home, target):
        for uri, content in _lesson(lesson).items():
            files.append(File.generated(config, f"lessons/{uri}", content=content))
    for older, newer in pairwise(phases(home, target)):
        page = _changes(older, newer)
        files.append(File.generated(config, f"lessons/{newer.name}/changes.md", content=page))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Add to four pages what there is to say of each lesson."""
    if page.file.src_uri == "index.md":
        return markdown.replace(MAP, _map(*_where(config)))
    if page.file.src_uri == "azure-steps.md":
        found = [step for lesson in lessons(*_where(config)) for step in steps_of(lesson)]
        markdown = markdown.replace(NUMBERS, f"In all lessons: {in_numbers(found)}.")
    part = {
        "reference/checks.md": _checks,
        "reference/exercises.md": _exercises,
        "azure-steps.md": page_of,
    }.get(page.file.src_uri)
    if part is None:
        return markdown
    return "\n".join([markdown, *filter(None, map(part, lessons(*_where(config))))])


def _map(home: Path, target: str) -> str:
    """The map of the phases in README.md, with links to the lessons that are there."""
    there_are = {each.number: each for each in phases(home, target)}
    lines = ["| Phase | You build | State |", "| --- | --- | --- |"]
    for number, builds in IN_MAP.findall((home / "README.md").read_text(encoding="utf-8")):
        phase = there_are.get(int(number))
        link = f"[{number}](lessons/{phase.name}.md)" if phase else number
        lines.append(f"| {link} | {builds} | {'**here**' if phase else 'being written'} |")
    return "\n".join(lines)


def _where(config: MkDocsConfig) -> tuple[Path, str]:
    """The workbook's folder, and the target whose runs are shown."""
    home = Path(config.config_file_path).parent.resolve()
    return home, load_choices(home).target


def _lesson(lesson: Lesson) -> dict[str, str | bytes]:
    """A lesson's page, its images, and a page for each file of its folder that it links to."""
    notebook, when = _recorded(lesson)
    notebook.cells = in_tabs([cell for cell in notebook.cells if is_of_lesson(cell)])
    exporter = MarkdownExporter(  # type: ignore[no-untyped-call]
        template_file="lesson",
        extra_loaders=[DictLoader({"lesson": TEMPLATE})],
        filters={
            "is_solution": SOLUTION.search,
            "listing": _listing,
            "plot_title": _plot_title,
            "plain": lambda text: (
                COLOURS.sub("", text).replace(f"{lesson.root}{os.sep}", "").rstrip()
            ),
        },
    )
    names = {"unique_key": lesson.name, "output_files_dir": f"{lesson.name}/plots"}
    text, resources = exporter.from_notebook_node(notebook, resources=names)
    text = re.sub(r"^# .+\n", lambda title: title[0] + when, text.lstrip(), count=1)
    text = FOLD.sub(_folded, text)
    inside = (name for name in LINK.findall(text) if not name.startswith("../"))
    linked = {name for name in inside if (lesson.directory / name).is_file()}
    pages = {name: f"{lesson.name}/{name.removesuffix('.md')}.md" for name in linked}
    return {
        f"{lesson.name}.md": LINK.sub(lambda link: pages.get(link[0]) or _on_site(link[0]), text),
        **{page: _page_of(lesson.directory / name, lesson.root) for name, page in pages.items()},
        **resources["outputs"],
    }


def _folded(fold: re.Match[str]) -> str:
    """A fold of a lesson, as the site writes it."""
    return f'??? question "{fold[1]}"\n\n{textwrap.indent(fold[2].strip(), "    ")}'


def _on_site(link: str) -> str:
    """Where a link of a lesson leads on the site: to a picture, or to another lesson's page."""
    link = re.sub(r"^\.\./\.\./docs/", "../", link)
    return re.sub(r"^\.\./\.\./(?:phases|notebooks)/([\w-]+)/README\.md$", r"\1.md", link)


def _recorded(lesson: Lesson) -> tuple[Any, str]:
    """The notebook with its output, if it is of the present text, and when that came out."""
    notebook = nbformat.read(lesson.notebook, as_version=4)
    kept = nbformat.read(executed(lesson), as_version=4) if executed(lesson).exists() else None
    run = read_run(lesson.state)
    if kept is None or run is None or not run.complete:
        what = "has not run to its end"
    elif [cell.source for cell in kept.cells] != [cell.source for cell in notebook.cells]:
        what = "has changed since it ran"
    else:
        started = datetime.fromisoformat(run.started)
        when = f"{started.day} {started:%B %Y at %H:%M} UTC, and took {run.seconds:.0f} seconds"
        return kept, f"\n*The output on this page is of a run that began on {when}.*\n"
    advice = f"so its page has no output. Run: ./workbook run {lesson.argument}"
    log.warning("Lesson %s %s, %s", lesson.argument, what, advice)
    return notebook, ""


def _listing(cell: Any) -> str:
    language = "bash" if cell.source.startswith("%%bash") else "python"
    return f"```{language}\n{BASH.sub('', cell.source).strip()}\n```"


def _plot_title(cell: Any) -> str:
    title = re.search(r'title[=(]"([^"]+)"', cell.source)
    return f"Plot: {title[1]}" if title else "Plot"


def _page_of(path: Path, root: Path) -> str:
    """The page of a file: a Markdown file as it is, any other as a listing."""
    content = path.read_text(encoding="utf-8").rstrip()
    if path.suffix == ".md":
        return content
    name = path.relative_to(root).as_posix()
    return f"# {path.name}\n\n`{name}`\n\n````{path.suffix[1:] or 'text'}\n{content}\n````\n"


def _changes(older: Phase, newer: Phase) -> str:
    """The page of what a phase changes, without the lesson, which is new each time."""
    parts = [
        f"# From phase {older.number} to phase {newer.number}",
        f"[The lesson](../{newer.name}.md) makes these changes in the code. "
        f"`./workbook diff {older.number} {newer.number}` shows them in your terminal.",
    ]
    for name, difference in differences(older, newer):
        if is_code(name):
            parts += [f"## {name}", f"````diff\n{difference.rstrip()}\n````"]
    return "\n\n".join(parts) + "\n"


def _checks(lesson: Lesson) -> str:
    """The part of the reference that is about one lesson; empty where it has no checks."""
    text = lesson.lesson.read_text(encoding="utf-8")
    headings = {min(anchors(line)): line for line in re.findall(r"^## .+$", text, re.MULTILINE)}
    drills = _drills(lesson)
    impostors = impostors_of(lesson).values() if isinstance(lesson, Phase) else []
    parts = []
    for function, check in _functions(lesson):
        anchor = check.read.partition("#")[2]
        parts.append(f"### {check.line}")
        if needed := [other for other in map(check_of, check.after) if other]:
            parts.append(f"Checked after: {', '.join(f'*{other.line}*' for other in needed)}.")
        parts.append(
            f"Explained in: [{headings[anchor][3:]}](../lessons/{lesson.name}.md#{anchor})."
        )
        for name, drill in drills.items():
            if drill.turns_red is function:
                command = f"./workbook drill {lesson.argument} {name}"
                where = "" if drill.targets == TARGETS else f" (on {drill.targets[0]})"
                parts.append(f"Broken by{where}: `{command}`. {drill.title}")
        titles = [each.title for each in impostors if each.turns_red is function]
        if titles:
            parts.append("\n".join(["Turns red on:\n", *(f"- {title}" for title in titles)]))
    return "\n\n".join([f"## {title_of(text)}", *parts]) + "\n" if parts else ""


def _exercises(lesson: Lesson) -> str:
    """The list of a lesson's exercises; empty where a lesson has no exercise."""
    exercises = Exercises(lesson) if isinstance(lesson, Phase) else None
    if exercises is None or not exercises.names():
        return ""
    lines = ["| Exercise | Minutes | Command |", "| --- | --- | --- |"]
    for name in exercises.names():
        one = exercises.load(name)
        (anchor,) = anchors(f"### {one.title}")
        link = f"[{one.title}](../lessons/{lesson.name}.md#{anchor})"
        command = f"`./workbook exercise {lesson.argument} {name}`"
        lines.append(f"| {link} | {one.minutes} | {command} |")
    return (
        "\n\n".join([f"## {title_of(lesson.lesson.read_text('utf-8'))}", "\n".join(lines)]) + "\n"
    )


def _drills(lesson: Lesson) -> dict[str, Drill]:
    if not isinstance(lesson, Phase):  # a notebook has none
        return {}
    drills = Drills(System(lesson, load_choices(lesson.root), Background(lesson.state)))
    return {name: drills.load(name) for name in drill_names(lesson)}


def _functions(lesson: Lesson) -> list[tuple[Callable[..., Any], Check]]:
    """The lesson's checks, in the order of its list."""
    text = lesson.lesson.read_text(encoding="utf-8")
    return sorted(checks_of(lesson).items(), key=lambda item: text.find(f"- [ ] {item[1].line}"))
