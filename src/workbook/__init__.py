"""The workbook's machinery: lessons that run, checks that teach, drills that break things.

A lesson's notebook begins with `%load_ext workbook`, which makes `%%bash` cells run as the lesson
means them, and adds `%answer` (see `workbook.lessons.magic`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__version__ = "0.1.0"


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Called by `%load_ext workbook`."""
    from matplotlib_inline.config import InlineBackend

    from workbook.lessons.magic import LessonMagic

    InlineBackend.instance(parent=shell).figure_formats = {"svg"}  # sharp at any size
    shell.register_magics(LessonMagic)
