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


@lru_cache
def get_settings() -> Settings:
    """Read the environment once; tests pass their own `Settings` instead."""
    return Settings()
