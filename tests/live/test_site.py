"""The site: built strictly, and every page opened in a real browser, as wide as a phone."""

import json
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import nbformat
import pytest
from copies import ROOT, assert_passed, clean_environment, cli_of
from playwright.sync_api import Browser, Page, sync_playwright
from proofs import drill_names
from walk import Walk

from workbook.course.lesson import checklist
from workbook.course.phase import Lesson, find_lesson, lessons, notebooks, phases
from workbook.dev.suite import find_browser
from workbook.learner.choices import TARGETS
from workbook.lessons.notebook import executed

pytestmark = pytest.mark.step("site")

PHASES = phases(ROOT, "local")
LESSONS = lessons(ROOT, "local")
PHONE = {"width": 390, "height": 844}
QUIET = [  # without these, Chromium asks hosts of its own
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
BEYOND_THE_EDGE = """() => [...document.querySelectorAll("article *")]
    .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
    .filter(e => {
        for (let box = e.parentElement; box.tagName != "ARTICLE"; box = box.parentElement)
            if (["auto", "scroll"].includes(getComputedStyle(box).overflowX)) return false
        return true
    })
    .map(e => e.outerHTML.slice(0, 80))"""

ALL_ON_AZURE = """() => {
    const tabs = [...document.querySelectorAll(".tabbed-set")]
    const shown = set => set.querySelector(":scope > input:checked").id
    const title = set => set.querySelector(`:scope > div > label[for="${shown(set)}"]`).innerText
    return tabs.length > 1 && tabs.every(set => title(set) == "On Azure")
}"""


@dataclass
class Visit:
    """What a browser met on one page."""

    faults: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    scrolls_sideways: bool = False
    beyond_the_edge: list[str] = field(default_factory=list)


class Links(HTMLParser):
    """The ids of a page, and what it links to or loads."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.targets: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.ids.add(value)
            elif name in ("href", "src") and value is not None:
                self.targets.append(value)


def build(home: Path, site: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(site)],
        cwd=home,
        env=clean_environment(NO_MKDOCS_2_WARNING="1"),
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def home(walk: Walk) -> Path:
    """The walking copy, in which every lesson has run."""
    return walk.to(PHASES[-1].number)


@pytest.fixture(scope="module")
def site(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site."""
    for notebook in notebooks(home, "local"):
        ran = cli_of(home)("run", notebook.name)
        assert_passed(ran)
    folder = tmp_path_factory.mktemp("site")
    done = build(home, folder)
    assert_passed(done)
    return folder


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """Where the site is served."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = find_browser()
    if path is None:
        pytest.fail("There is no Chromium to open the site in. ./workbook test installs it.")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def visits(site: Path, address: str, browser: Browser) -> dict[str, Visit]:
    """A visit of every page."""
    return {name: visit(browser, urljoin(address, name)) for name in pages_of(site)}


@pytest.fixture(params=LESSONS, ids=lambda lesson: lesson.name)
def lesson(request: pytest.FixtureRequest, home: Path) -> Lesson:
    """Each lesson, in the copy in which all have been run."""
    return find_lesson(request.param.argument, home, "local")


@pytest.fixture
def shown(address: str, browser: Browser, lesson: Lesson) -> Iterator[Page]:
    """The page of a lesson, with every fold open and every tab shown."""
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(urljoin(address, f"lessons/{lesson.name}/"))
    page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
    page.add_style_tag(content=".tabbed-set .tabbed-block { display: block !important }")
    yield page
    context.close()


def pages_of(site: Path) -> list[str]:
    paths = (path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    return sorted(re.sub(r"(^|/)index\.html$", r"\1", path) for path in paths)


def visit(browser: Browser, url: str) -> Visit:
    seen = Visit()
    page = browser.new_page(viewport=PHONE)  # type: ignore[arg-type]
    page.on("console", lambda said: said.type == "error" and seen.faults.append(said.text))
    page.on("pageerror", lambda error: seen.faults.append(str(error)))
    page.on("request", lambda request: seen.hosts.add(urlsplit(request.url).netloc))
    page.on("requestfailed", lambda request: seen.faults.append(f"failed: {request.url}"))
    page.on(
        "response",
        lambda response: response.status >= 400 and seen.faults.append(f"refused: {response.url}"),
    )
    page.goto(url, wait_until="networkidle")
    seen.scrolls_sideways = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    seen.beyond_the_edge = page.evaluate(BEYOND_THE_EDGE)
    page.close()
    return seen


def test_no_page_has_an_error_in_the_browser(visits: dict[str, Visit]) -> None:
    wanted = {"", "lessons/phase0/", "lessons/phase1/changes/", "reference/checks/", "404.html"}
    wanted |= {f"lessons/{lesson.name}/" for lesson in LESSONS}
    assert wanted <= set(visits)
    assert {name: seen.faults for name, seen in visits.items() if seen.faults} == {}


def test_no_page_asks_another_host(visits: dict[str, Visit], address: str) -> None:
    ours = {urlsplit(address).netloc}
    assert {name: seen.hosts for name, seen in visits.items() if seen.hosts != ours} == {}


def test_no_page_scrolls_sideways_on_a_phone(visits: dict[str, Visit]) -> None:
    assert [name for name, seen in visits.items() if seen.scrolls_sideways] == []
    cut = {name: seen.beyond_the_edge for name, seen in visits.items() if seen.beyond_the_edge}
    assert cut == {}


def test_every_internal_link_leads_somewhere(site: Path) -> None:
    base = "http://site/"
    pages = {
        urljoin(base, name): Links(path.read_text(encoding="utf-8"))
        for name in pages_of(site)
        for path in [site / name if name.endswith(".html") else site / name / "index.html"]
    }
    broken = []
    for url, page in pages.items():
        for target in page.targets:
            found = urlsplit(urljoin(url, target))
            if found.scheme != "http" or found.netloc != "site":
                continue
            path = site / unquote(found.path).lstrip("/")
            exists = (path / "index.html" if found.path.endswith("/") else path).is_file()
            linked = pages.get(f"{base}{found.path.lstrip('/')}")
            if not exists or (found.fragment and linked and found.fragment not in linked.ids):
                broken.append(f"{url.removeprefix(base)}: {target}")
    assert broken == []


def test_no_page_holds_a_path_of_this_machine(site: Path, home: Path) -> None:
    secrets = [str(home), str(ROOT), f"{Path.home()}/"]
    texts = [path for path in site.rglob("*") if path.suffix in (".html", ".json", ".svg", ".xml")]
    assert texts
    for path in texts:
        text = path.read_text(encoding="utf-8")
        assert [secret for secret in secrets if secret in text] == [], path.relative_to(site)


def test_the_copy_button_copies_the_commands_of_the_lesson(shown: Page, lesson: Lesson) -> None:
    text = lesson.lesson.read_text(encoding="utf-8")
    commands = re.findall(r"^```bash\n(.*?)\n```", text, re.MULTILINE | re.DOTALL)
    blocks = shown.locator("div.language-bash")
    assert blocks.count() == len(commands) > 5
    for index, command in enumerate(commands):
        block = blocks.nth(index)
        block.hover()
        shown.evaluate("navigator.clipboard.writeText('')")
        block.locator("[data-clipboard-target], [data-md-type=copy]").first.click()
        assert copied(shown) == command


def test_the_reader_chooses_a_target_once(address: str, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(urljoin(address, "lessons/phase1/"))
    command = page.get_by_text("az group create").first
    assert not command.is_visible()
    page.locator(".tabbed-labels").get_by_text("On Azure").first.click()
    command.wait_for(state="visible")
    page.goto(urljoin(address, "lessons/phase2/"))
    page.wait_for_function(ALL_ON_AZURE)
    page.close()


def copied(page: Page) -> str:
    """What the clipboard holds as soon as it holds something."""
    deadline = time.monotonic() + 5
    while not (text := page.evaluate("navigator.clipboard.readText()")):
        assert time.monotonic() < deadline, "the button copied nothing"
        time.sleep(0.05)
    return str(text).rstrip("\n")


def test_the_lesson_shows_what_its_run_put_out(shown: Page, lesson: Lesson) -> None:
    outputs = [
        output
        for cell in nbformat.read(executed(lesson), as_version=4).cells
        if "\n%answer " not in cell.source  # of JupyterLab only, as is the first cell
        for output in cell.get("outputs", [])
    ]
    said = "".join(output.text for output in outputs if output.output_type == "stream")
    listings = shown.locator(".no-copy code").all_text_contents()
    said = re.sub(r"\x1b\[[0-9;]*m", "", said).replace(f"{lesson.root}/", "")
    assert "".join("".join(listings).split()) == "".join(said.split()) != ""
    plots = shown.locator('article img[alt^="Plot: "]')
    assert plots.count() == len([o for o in outputs if o.output_type == "display_data"])
    images = shown.locator("article img")
    pictures = lesson.lesson.read_text(encoding="utf-8").count("](../../docs/pictures/")
    assert images.count() == plots.count() + pictures
    for image in images.all():
        assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
        assert image.get_attribute("alt")
    day = time.strptime(
        json.loads((lesson.state / "run.json").read_text())["started"][:10], "%Y-%m-%d"
    )
    assert time.strftime(f"{day.tm_mday} %B %Y", day) in shown.inner_text("article")


def test_the_reference_has_every_check_and_drill(address: str, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(urljoin(address, "reference/checks/"))
    lines = [heading.removesuffix("¶") for heading in page.locator("h3").all_text_contents()]
    texts = (lesson.lesson.read_text(encoding="utf-8") for lesson in LESSONS)
    assert lines == [line for text in texts for line in checklist(text)]
    text = page.inner_text("article")
    page.close()
    for phase in PHASES:
        for name in {name for target in TARGETS for name in drill_names(phase.number, target)}:
            assert f"./workbook drill {phase.number} {name}" in text


@pytest.mark.parametrize("lacking", ["it never ran", "it stopped halfway", "it has changed"])
def test_a_lesson_without_a_run_fails_the_build(home: Path, tmp_path: Path, lacking: str) -> None:
    copy = tmp_path / "workbook"
    shutil.copytree(home, copy, ignore=shutil.ignore_patterns(".venv", ".git", "logs", "engine"))
    state = copy / ".workbook" / "local" / "phase0"
    if lacking == "it never ran":
        (state / "phase0.ipynb").unlink()
    elif lacking == "it stopped halfway":
        run = json.loads((state / "run.json").read_text())
        (state / "run.json").write_text(json.dumps({**run, "complete": False}))
    else:
        notebook = copy / "phases" / "phase0" / "phase0.ipynb"
        notebook.write_text(notebook.read_text().replace("sentiment.train", "sentiment.learn"))
    done = build(copy, tmp_path / "site")
    assert done.returncode != 0
    assert "./workbook run 0" in done.stdout + done.stderr
