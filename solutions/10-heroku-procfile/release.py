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
    ### BEGIN SOLUTION
    try:
        model = load_model()
        flowers = json.loads(FLOWERS_FILE.read_text(encoding="utf-8"))
        right = [model.predict(flower) == flower["species"] for flower in flowers]
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"release refused: {error!r}")
        return 1
    share = sum(right) / len(right) if right else 0.0
    if share < ENOUGH:
        print(f"release refused: {share:.0%} of {len(right)} flowers are right, {ENOUGH:.0%} are needed")
        return 1
    print(f"release accepted: {share:.0%} of {len(right)} flowers are right")
    return 0
    ### END SOLUTION


if __name__ == "__main__":
    raise SystemExit(main())
