"""The plots of the course text are those that their script draws."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = runpy.run_path(str(ROOT / "docs" / "plots" / "make.py"))
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")


@pytest.mark.parametrize("name", SCRIPT["PLOTS"])
def test_a_plot_is_up_to_date(name, tmp_path):
    """Drawn anew it is the same picture, to a tenth of a point; otherwise: python docs/plots/make.py"""
    drawn = SCRIPT["draw"](name, tmp_path).read_text(encoding="utf-8")
    shown = (SCRIPT["TARGET"] / f"{name}.svg").read_text(encoding="utf-8")

    assert NUMBER.sub("#", drawn) == NUMBER.sub("#", shown)
    assert [float(number) for number in NUMBER.findall(drawn)] == pytest.approx(
        [float(number) for number in NUMBER.findall(shown)], abs=0.1
    )


def test_a_plot_is_drawn_the_same_twice(tmp_path):
    """No date and no random name is in the file."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()

    assert SCRIPT["draw"]("slices", first).read_bytes() == SCRIPT["draw"]("slices", second).read_bytes()


def test_a_plot_suits_light_and_dark_pages():
    """Nothing is painted behind a plot, and no text is black or white."""
    for name in SCRIPT["PLOTS"]:
        text = (SCRIPT["TARGET"] / f"{name}.svg").read_text(encoding="utf-8")

        assert "fill: #ffffff" not in text
        assert "fill: #000000" not in text


def test_every_plot_is_shown():
    """Each plot in docs/assets/plots/ is drawn by the script, and a chapter shows it."""
    chapters = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "learn").glob("*.md"))
    files = {path.stem for path in SCRIPT["TARGET"].glob("*.svg")}

    assert files == set(SCRIPT["PLOTS"])
    assert all(f"../assets/plots/{name}.svg" in chapters for name in files)
