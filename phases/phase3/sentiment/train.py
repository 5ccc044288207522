"""Train the model on the rated texts, measure it on those held out, keep it."""

import sys

from sentiment import data, model
from sentiment.evaluate import measure
from sentiment.settings import get_settings


def main() -> None:
    settings = get_settings()
    try:
        split = data.load(settings)
    except data.DataError as error:
        sys.exit(str(error))
    except ValueError as error:
        sys.exit(f"SENTIMENT_NEUTRAL_BAND or SENTIMENT_TEST_SHARE leaves too few texts: {error}")
    print(f"training on {len(split.train):,} texts, {len(split.test):,} are held out")

    pipeline = model.build()
    pipeline.fit([snippet.text for snippet in split.train], [s.label for s in split.train])
    metrics = measure(pipeline, split)
    manifest = model.save(
        pipeline,
        settings.model_dir,
        data_sha256=data.digest(split.train),
        train_texts=len(split.train),
        metrics=metrics,
    )
    print(f"accuracy {metrics.accuracy:.3f} on the held-out texts", end=" ")
    print(f"(95 % interval {metrics.low:.3f} to {metrics.high:.3f})")
    print(f"accuracy {metrics.baseline:.3f} for always giving the same answer")
    print(f"saved model {manifest.version} in {settings.model_dir}")


if __name__ == "__main__":
    main()
