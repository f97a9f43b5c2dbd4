"""The last look at a release before it goes live. Run it with: python release.py

It asks the model of this release about each flower of release_check.json and compares the answer with the flower's
"species". The exit code is 0 if at least 90 % of the answers are right. It is another number if fewer are right, and
if the model or the flowers cannot be read; then a line in the log says why.
"""

from __future__ import annotations

import json
from pathlib import Path

from app.model import load_model

FLOWERS_FILE = Path(__file__).parent / "release_check.json"
ENOUGH = 0.90


def main() -> int:
    """Check the model of this release; the exit code."""
    # YOUR CODE HERE
    raise NotImplementedError()


if __name__ == "__main__":
    raise SystemExit(main())
