"""What can be set from outside, by environment variables that begin with SENTIMENT_."""

from functools import lru_cache
from pathlib import Path
from typing import Literal

from platformdirs import user_cache_path
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """The settings of training and API; `SENTIMENT_NEUTRAL_BAND=0.5` sets `neutral_band`."""

    model_config = SettingsConfigDict(env_prefix="SENTIMENT_", frozen=True)

    data_dir: Path = Field(
        default=user_cache_path("workbook") / "data", description="where the download is kept"
    )
    model_dir: Path = Field(default=Path("model"), description="where the trained model is kept")
    neutral_band: float = Field(
        default=1.0, ge=0, lt=4, description="texts rated closer to 0 than this are left out"
    )
    test_share: float = Field(default=0.2, gt=0, lt=1, description="share of texts held out")
    seed: int = Field(default=0, ge=0, lt=2**32, description="decides which texts are held out")
    max_characters: int = Field(default=5_000, gt=0, description="longest text that is accepted")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="the least important lines that are logged"
    )

    database_host: str | None = Field(default=None, description="unset: nothing is recorded")
    database_port: int = Field(default=5432, gt=0, lt=65_536)
    database_name: str = "predictions"
    database_user: str = "ml_api"
    # Paths, not values: an environment is inherited, dumped and logged.
    database_password_file: Path = Path("/run/secrets/database/password")
    database_ca_file: Path = Field(
        default=Path("/run/secrets/database-ca/ca.crt"), description="who vouches for the server"
    )
    database_seconds: float = Field(default=3, gt=0, description="longest wait for its answer")
    database_connections: int = Field(default=4, gt=0, description="at most, for reading")

    queue_rows: int = Field(default=100_000, gt=0, description="rows that may wait to be written")
    batch_rows: int = Field(default=500, gt=0, description="rows written in one statement, at most")
    flush_seconds: float = Field(default=0.2, gt=0, description="longest wait for a fuller batch")
    last_flush_seconds: float = Field(
        default=10, gt=0, description="how long the rows that wait at the end may take"
    )
    keep_text: Literal["full", "hash", "none"] = Field(
        default="hash", description="what is recorded of a text"
    )
    keep_days: int = Field(default=30, gt=0, description="rows older than this are deleted")


@lru_cache
def get_settings() -> Settings:
    """Read the environment once; tests pass their own `Settings` instead."""
    return Settings()
