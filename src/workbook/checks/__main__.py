"""pytest for the checks, whose output may be piped: `workbook check 0 | head -1`."""

import sys

import pytest

from workbook.__main__ import let_readers_leave

let_readers_leave()
sys.exit(pytest.main(sys.argv[1:]))
