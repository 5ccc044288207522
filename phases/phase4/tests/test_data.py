import io
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from sentiment import data
from sentiment.settings import Settings

Run = Callable[..., subprocess.CompletedProcess[str]]

ROWS = {
    "product review": "1_1\t2.5\tIt lasts.\n1_2\t-1.5\tIt squeaks.\n2_1\t0.0\tIt is blue.\n",
    "film review": "1_1\t-3.0\tA bore.\n",
    "editorial": "1_1\t1.0\tThe plan is sound.\n",
    "tweet": "1\t3.1\tyay!\n2\t-1.2\tIt squeaks.\n",  # a sentence that another domain has too
}


def packed(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def tiny_archive(rows: dict[str, str] = ROWS) -> bytes:
    """A source package of the same name and shape as the real one, which pip accepts."""
    ratings = packed({name: rows[domain].encode() for domain, name in data.DOMAINS.items()})
    setup = b"from setuptools import setup\nsetup(name='vaderSentiment', version='3.3.2')\n"
    about = b"Metadata-Version: 1.0\nName: vaderSentiment\nVersion: 3.3.2\n"
    top = data.ARCHIVE.removesuffix(".tar.gz")
    return packed({f"{top}/setup.py": setup, f"{top}/PKG-INFO": about, data.RATINGS: ratings})


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes packages from, instead of any index."""
    folder = tmp_path / "shop"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    return folder


@pytest.fixture
def stocked(shop: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """The shop has the archive that the code was (now) written for."""
    content = tiny_archive()
    (shop / data.ARCHIVE).write_bytes(content)
    monkeypatch.setattr(data, "ARCHIVE_SHA256", data.sha256(content))
    return content


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_first_call_fetches_the_archive_and_the_second_needs_no_pip(
    stocked: bytes, shop: Path, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path / "not" / "yet" / "there")
    assert data.download(settings) == stocked
    assert files_in(settings.data_dir) == [data.ARCHIVE]
    (shop / data.ARCHIVE).unlink()
    assert data.download(settings) == stocked


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda content: content[:-1], id="cut short"),
        pytest.param(lambda content: content[:50] + b"?" + content[51:], id="one byte changed"),
    ],
)
def test_a_damaged_file_in_the_cache_is_fetched_again(
    stocked: bytes, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    (tmp_path / data.ARCHIVE).write_bytes(damage(stocked))
    assert data.download(Settings(data_dir=tmp_path)) == stocked
    assert (tmp_path / data.ARCHIVE).read_bytes() == stocked


def test_an_archive_with_another_digest_is_refused_and_not_kept(
    stocked: bytes, shop: Path, tmp_path: Path
) -> None:
    (shop / data.ARCHIVE).write_bytes(tiny_archive({**ROWS, "tweet": "1\t-4.0\tyay!\n"}))
    cache = tmp_path / "cache"
    with pytest.raises(data.DataError, match="could not be downloaded"):
        data.download(Settings(data_dir=cache))
    assert files_in(cache) == []


@pytest.mark.parametrize(
    "offline",
    [
        pytest.param({"PIP_NO_INDEX": "1"}, id="no index"),
        pytest.param({"PIP_PROXY": "127.0.0.1:9", "PIP_RETRIES": "0"}, id="no network"),
    ],
)
def test_without_a_network_the_command_ends_with_a_sentence_that_says_what_to_do(
    run: Run, tmp_path: Path, offline: dict[str, str]
) -> None:
    done = run("sentiment.data", SENTIMENT_DATA_DIR=str(tmp_path), PIP_FIND_LINKS=None, **offline)
    assert done.returncode == 1
    assert "vaderSentiment==3.3.2" in done.stderr
    assert "Check the network" in done.stderr
    assert "run the same command again" in done.stderr
    assert "Traceback" not in done.stderr
    assert files_in(tmp_path) == []


def test_every_row_becomes_a_snippet_with_its_domain_source_and_rating() -> None:
    assert data.read(tiny_archive())[:2] == [
        data.Snippet("product review", "product review 1", 2.5, "It lasts."),
        data.Snippet("product review", "product review 1", -1.5, "It squeaks."),
    ]


def test_a_sentence_that_occurs_twice_is_read_once() -> None:
    texts = [snippet.text for snippet in data.read(tiny_archive())]
    assert len(texts) == 6
    assert len(set(texts)) == 6


def test_sentences_of_one_text_share_a_source_and_texts_of_two_domains_do_not() -> None:
    source = {snippet.text: snippet.source for snippet in data.read(tiny_archive())}
    assert source["It lasts."] == source["It squeaks."]
    assert len({source[text] for text in ("It lasts.", "A bore.", "The plan is sound.")}) == 3


def snippets(*ratings: float) -> list[data.Snippet]:
    return [data.Snippet("tweet", f"tweet {i}", r, f"text {i}") for i, r in enumerate(ratings)]


@pytest.mark.parametrize(
    ("rating", "label"),
    [(4, "positive"), (0.01, "positive"), (-0.01, "negative"), (-4, "negative")],
)
def test_the_sign_of_the_rating_is_the_label(rating: float, label: str) -> None:
    [snippet] = snippets(rating)
    assert snippet.label == label


def test_a_rating_on_the_edge_of_the_band_is_kept_and_one_inside_is_not() -> None:
    kept = data.outside_band(snippets(-1.0, -0.99, 0, 0.99, 1.0), 1.0)
    assert [snippet.rating for snippet in kept] == [-1.0, 1.0]


def test_a_rating_of_0_has_no_label_even_when_there_is_no_band() -> None:
    kept = data.outside_band(snippets(-0.1, 0.0, -0.0, 0.1), 0)
    assert [snippet.rating for snippet in kept] == [-0.1, 0.1]


def test_the_digest_changes_with_a_rating_with_a_text_and_with_the_order() -> None:
    one, two = snippets(1, 2)
    lists = [[one, two], [two, one], [one], [one, two._replace(rating=3)]]
    lists.append([one, two._replace(text="text 1.")])
    assert len({data.digest(some) for some in lists}) == len(lists)
    assert data.digest([one, two]) == data.digest(snippets(1, 2))


def test_another_seed_holds_out_other_texts_and_the_same_seed_the_same() -> None:
    some = snippets(*[1.0] * 50)
    assert data.split(some, 0.2, 7) == data.split(some, 0.2, 7)
    assert data.split(some, 0.2, 7) != data.split(some, 0.2, 8)
    assert len(data.split(some, 0.2, 7).test) == 10


def test_the_real_data_is_what_the_data_card_says(
    rated: list[data.Snippet], split: data.Split
) -> None:
    card = (Path(data.__file__).parent.parent / "DATA.md").read_text(encoding="utf-8")
    assert f"leaves {len(rated):,}" in card
    assert f"keeps {len(split.train) + len(split.test):,}" in card
    assert {snippet.domain for snippet in split.test} == set(data.DOMAINS)
    assert all(-4 <= snippet.rating <= 4 for snippet in rated)


def test_no_source_and_no_sentence_is_on_both_sides_of_the_real_split(split: data.Split) -> None:
    assert not {s.source for s in split.train} & {s.source for s in split.test}
    assert not {s.text for s in split.train} & {s.text for s in split.test}


def test_the_real_split_keeps_every_snippet_and_holds_out_a_fifth_of_the_sources(
    split: data.Split, rated: list[data.Snippet], settings: Settings
) -> None:
    kept = data.outside_band(rated, settings.neutral_band)
    assert sorted([*split.train, *split.test]) == sorted(kept)
    held_out, sources = {s.source for s in split.test}, {s.source for s in kept}
    assert len(held_out) / len(sources) == pytest.approx(0.2, abs=0.001)
