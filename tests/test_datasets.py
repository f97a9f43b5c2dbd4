"""Tests of autograder.datasets and of the tables in datasets/."""

from __future__ import annotations

import io
import json
import math
import os
import runpy
import statistics
from pathlib import Path

import pandas as pd
import pytest

from autograder import datasets
from autograder.errors import DatasetError

ROOT = Path(datasets.__file__).resolve().parent.parent / "datasets"
NAMES = ["car", "census", "compas", "fake", "iris", "raisin"]
REPLICAS = ["census", "raisin"]
CANONICAL = {
    "car": "b49c7cb7bb263ce22198e6274acf8f9e2e002ecc5e17344729b60d6736210c65",
    "census": "e2c211e426211133b3aa8eec67690f2c357afcc103202f58afc5caf01e904e7c",
    "compas": "92bee7f47ca57d116b4c30d5370df045d3e41ab47adf24486f07a6ff973d9e2b",
    "raisin": "13de95ff77e77c7c58c7590243c00f3e0f3005af64f6a63f97a8696a16d63bcf",
}
COMPAS_WITHOUT_ID = "96af64e603542c19df2e6eb0ca0d3169171571878c886583befb734114dee783"
CAR_BYTES = "f7e17a398e92acb72b0a4d3ccb299df1c58a5bfdf1a823403ec788fd3a723e23"

TOML = """
title = "Toy"
kind = "exact"
rows = 2
provenance = "Toy: two rows."
source = "here"
licence = "MIT"
citation = "none"

[columns]
size = "int"
weight = "float"
name = "str"
"""


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A folder of data sets with one small one, called toy."""
    folder = tmp_path / "toy"
    folder.mkdir()
    (folder / "dataset.toml").write_text(TOML)
    (folder / "toy.csv").write_text("size,weight,name\n1,0.5,a\n2,1.5,b\n")
    (folder / "SHA256SUMS").write_text(f"{datasets.sha256((folder / 'toy.csv').read_bytes())}  toy.csv\n")
    monkeypatch.setenv("AUTOGRADER_DATASETS", str(tmp_path))
    return folder


@pytest.fixture(scope="module")
def made():
    """Every shipped table, built afresh."""
    return {name: datasets.make(name) for name in NAMES}


def frame(made, name, **options):
    """Read a table that was built afresh."""
    return pd.read_csv(io.BytesIO(made[name]), **options)


# What ships


def test_all_data_sets_are_found():
    """The folder holds the data sets of the course."""
    assert datasets.names() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_table_is_made_again_byte_for_byte(made, name):
    """make.py builds the very bytes that SHA256SUMS states."""
    assert datasets.sha256(made[name]) == datasets.shipped_sha256(name)


@pytest.mark.parametrize("name", NAMES)
def test_table_in_place_is_no_surprise(name):
    """The table in place is the shipped one, or the published one that was fetched on this machine."""
    assert datasets.describe(name).kind in {datasets.facts(name).kind, "published"}


@pytest.mark.parametrize("name", NAMES)
def test_table_has_the_rows_and_columns_that_are_declared(made, name):
    """dataset.toml counts rows and names columns rightly."""
    facts = datasets.facts(name)
    table = frame(made, name, skipinitialspace=True)

    assert len(table) == facts.rows
    assert list(table.columns) == list(facts.columns)


@pytest.mark.parametrize("name", NAMES)
def test_loader_shows_what_plain_pandas_shows(name):
    """A grader sees the same frame as a lab that calls pd.read_csv with the path alone."""
    pd.testing.assert_frame_equal(datasets.load(name), pd.read_csv(datasets.path(name)))


def test_a_table_is_loaded_anew_when_it_has_changed(toy):
    """And nobody gets to see what somebody else did to a table."""
    first = datasets.load("toy")
    first.loc[0, "size"] = 99
    again = datasets.load("toy")
    (toy / "toy.csv").write_text((toy / "toy.csv").read_text().replace("1,", "7,", 1))
    os.utime(toy / "toy.csv", ns=(1, 1))

    assert again.loc[0, "size"] == 1
    assert datasets.load("toy").loc[0, "size"] == 7


@pytest.mark.parametrize("name", NAMES)
def test_table_is_small_enough_for_git(made, name):
    """Every table fits into the repository."""
    assert len(made[name]) <= 5_000_000


@pytest.mark.parametrize("name", NAMES)
def test_table_ends_lines_in_one_way(made, name):
    """Tables have Unix line ends, a last one, and no byte order mark."""
    assert made[name].endswith(b"\n")
    assert b"\r" not in made[name]
    assert made[name].isascii()


@pytest.mark.parametrize("name", NAMES)
def test_readme_explains_every_column(name):
    """Each column has a row in the README's table of columns."""
    readme = (ROOT / name / "README.md").read_text(encoding="utf-8")

    assert [column for column in datasets.facts(name).columns if f"\n| `{column}` |" not in readme] == []


@pytest.mark.parametrize("name", NAMES)
def test_readme_has_what_a_user_must_know(name):
    """Origin, licence, faults and making are told for each data set."""
    readme = (ROOT / name / "README.md").read_text(encoding="utf-8")

    assert "| licence |" in readme
    assert "| status |" in readme
    assert "\n## How it is made\n" in readme
    assert "iases\n" in readme


@pytest.mark.parametrize("name", REPLICAS)
def test_replica_says_that_it_is_one(name):
    """A replica is called so on the first line of README and checksums, and in what reports quote."""
    for file in ("README.md", "SHA256SUMS"):
        assert "replica" in (ROOT / name / file).read_text(encoding="utf-8").splitlines()[0]
    assert datasets.facts(name).kind == "replica"
    assert "replica" in datasets.facts(name).provenance


@pytest.mark.parametrize("name", sorted(CANONICAL))
def test_published_content_is_pinned(name):
    """The content that a fetched table must have is the one that was published."""
    published = datasets.facts(name).published

    assert published is not None
    assert published.canonical == CANONICAL[name]
    assert all(url.startswith("https://") for url in published.urls)


def test_car_is_the_published_table(made):
    """Car Evaluation is rebuilt from its decision model exactly, in the published order."""
    assert datasets.canonical_hash(frame(made, "car"), "car") == CANONICAL["car"]
    assert datasets.sha256(made["car"]) == CAR_BYTES


def test_compas_is_the_published_table_but_for_the_running_number(made):
    """COMPAS is expanded from its counts exactly."""
    table = frame(made, "compas")

    assert datasets.canonical_hash(table, "compas", without=["entity_id"]) == COMPAS_WITHOUT_ID
    assert list(table["entity_id"]) == list(range(1, 7215))


def test_compas_is_shuffled(made):
    """The first hundred rows show several groups."""
    assert frame(made, "compas").head(100)["race"].nunique() >= 3


def test_iris_is_the_copy_that_agrees_with_fisher(made):
    """The 35th and 38th flower are as in the paper of 1936, not as in the copy at UCI."""
    lines = made["iris"].decode().splitlines()

    assert lines[35] == "4.9,3.1,1.5,0.2,setosa"
    assert lines[38] == "4.9,3.6,1.4,0.1,setosa"


@pytest.mark.parametrize("name", REPLICAS)
def test_replica_does_not_hang_on_the_last_digit(made, name, monkeypatch):
    """A machine whose exp, log and roots differ in the last digit builds the same bytes."""
    module = runpy.run_path(str(ROOT / name / "make.py"))
    names = module["make"].__globals__
    monkeypatch.setitem(names, "math", _Jittery())
    if "NormalDist" in names:
        monkeypatch.setitem(names, "NormalDist", _JitteryNormal)

    assert module["make"]().encode() == made[name]


class _Jittery:
    """The math module of another machine."""

    def __init__(self):
        self._calls = 0

    def __getattr__(self, name):
        found = getattr(math, name)
        if name not in {"exp", "log", "sinh", "asinh", "sqrt"}:
            return found

        def jittery(*arguments):
            self._calls += 1
            return math.nextafter(found(*arguments), math.inf if self._calls % 2 else -math.inf)

        return jittery


class _JitteryNormal(statistics.NormalDist):
    def inv_cdf(self, p):
        return math.nextafter(super().inv_cdf(p), math.inf if int(p * 1e6) % 2 else -math.inf)


# What the replicas must look like


def test_raisin_replica_keeps_the_figures_of_the_published_table(made):
    """Per class, means and spreads of the replica are close to the observed ones."""
    figures = json.loads((ROOT / "raisin" / "raisin_params.json").read_text(encoding="utf-8"))["classes"]
    table = frame(made, "raisin").groupby("Class")

    for variety, wanted in figures.items():
        rows = table.get_group(variety)
        assert len(rows) == wanted["rows"]
        for column, seen in wanted["observed"].items():
            assert rows[column].mean() == pytest.approx(seen["mean"], rel=0.005)
            assert rows[column].std() == pytest.approx(seen["sd"], rel=0.08)


def test_raisin_replica_obeys_geometry(made):
    """No grain is larger than its hull, longer across than along, or rounder than a circle."""
    table = frame(made, "raisin")

    assert (table["ConvexArea"] >= table["Area"]).all()
    assert (table["MajorAxisLength"] >= table["MinorAxisLength"]).all()
    assert table["Eccentricity"].between(0, 1, inclusive="left").all()
    assert table["Extent"].between(0, 1, inclusive="neither").all()


def test_raisin_replica_has_few_large_kecimen(made):
    """What the lab is about holds: above the mean length, only a handful of grains are Kecimen."""
    table = frame(made, "raisin")
    large = table[table["MajorAxisLength"] >= table["MajorAxisLength"].mean()]

    assert 0.05 < (large["Class"] == "Kecimen").mean() < 0.15


def test_census_replica_keeps_the_figures_of_the_published_table(made):
    """Rates and counts of the replica are close to the published ones."""
    table = frame(made, "census", skipinitialspace=True)
    rich = table["salary"] == ">50K"

    assert rich.mean() == pytest.approx(0.2408, abs=0.005)
    assert rich[table["sex"] == "Female"].mean() == pytest.approx(0.109, abs=0.01)
    assert rich[table["sex"] == "Male"].mean() == pytest.approx(0.306, abs=0.01)
    assert (table["workclass"] == "?").sum() == pytest.approx(1836, rel=0.05)
    assert (table["occupation"] == "?").sum() == pytest.approx(1843, rel=0.05)
    assert (table["native-country"] == "?").sum() == pytest.approx(583, rel=0.05)
    assert table["age"].mean() == pytest.approx(38.58, abs=0.3)
    assert table["hours-per-week"].mean() == pytest.approx(40.44, abs=0.3)


def test_census_replica_keeps_the_faults_of_the_raw_file(made):
    """Spaces after commas and repeated rows are there to be cleaned."""
    table = frame(made, "census")

    assert list(table.columns)[:2] == ["age", " workclass"]
    assert table[" workclass"].str.startswith(" ").all()
    assert table.duplicated().sum() == 24


# The loader


def test_types_are_fixed(toy):
    """A float column of whole numbers stays a float column."""
    (toy / "toy.csv").write_text("size,weight,name\n1,2,3\n")

    assert datasets.load("toy").dtypes.astype(str).to_dict() == {
        "size": "int64",
        "weight": "float64",
        "name": "object",
    }


def test_unknown_name_gets_a_suggestion():
    """A misspelt name is answered with the nearest one."""
    with pytest.raises(DatasetError, match=r"no data set called 'rasin'\. Did you mean 'raisin'\?"):
        datasets.load("rasin")


def test_unknown_name_far_from_all_lists_them():
    """A name like no other is answered with all there are."""
    with pytest.raises(DatasetError, match="There are: car, census"):
        datasets.path("xyzzy")


def test_name_cannot_leave_the_folder():
    """A path is not a name."""
    with pytest.raises(DatasetError, match="no data set called"):
        datasets.path("../datasets/iris")


def test_no_data_sets_at_all(tmp_path, monkeypatch):
    """An empty folder is told as such."""
    monkeypatch.setenv("AUTOGRADER_DATASETS", str(tmp_path))

    with pytest.raises(DatasetError, match="No data sets in"):
        datasets.load("iris")


def test_missing_table_names_the_remedy(toy):
    """A deleted table is answered with the command that brings it back."""
    (toy / "toy.csv").unlink()

    with pytest.raises(DatasetError, match=r"toy.csv is missing.*nox -s datasets -- toy"):
        datasets.load("toy")


def test_other_columns_are_shown(toy):
    """A table with other columns is refused with both lists."""
    (toy / "toy.csv").write_text("size,name\n1,a\n")

    with pytest.raises(DatasetError, match="expected the columns size, weight, name; found size, name"):
        datasets.load("toy")


def test_wrong_values_are_refused(toy):
    """A word in a column of integers is a clear error."""
    (toy / "toy.csv").write_text("size,weight,name\nbig,0.5,a\n")

    with pytest.raises(DatasetError, match=r"cannot be read as the toy table.*nox -s datasets -- toy"):
        datasets.load("toy")


def test_verify_shows_both_checksums(toy):
    """An edited table does not pass as the shipped one."""
    datasets.verify("toy")
    wanted = datasets.shipped_sha256("toy")
    (toy / "toy.csv").write_text("size,weight,name\n")

    with pytest.raises(DatasetError, match=f"expected SHA-256 {wanted}, found "):
        datasets.verify("toy")


def test_edited_table_is_described_as_changed(toy):
    """What reports quote is true also after someone edited the table."""
    assert datasets.describe("toy").kind == "exact"
    (toy / "toy.csv").write_text("size,weight,name\n1,0.5,a\n")

    assert datasets.describe("toy").kind == "changed"
    assert "changed by hand" in datasets.describe("toy").provenance


def test_missing_checksum_is_told(toy):
    """A data set without its checksum is refused, not trusted."""
    (toy / "SHA256SUMS").write_text("# nothing here\n")

    with pytest.raises(DatasetError, match=r"no checksum for toy.csv"):
        datasets.describe("toy")


def test_faults_of_the_manifest_are_told_at_once(toy):
    """All faults of dataset.toml are listed."""
    faulty = TOML.replace("rows = 2", "rows = 0\nshape = 3").replace('"float"', '"number"')
    (toy / "dataset.toml").write_text(faulty)

    with pytest.raises(DatasetError) as caught:
        datasets.facts("toy")
    assert [word for word in ("rows:", "shape:", "columns.weight:") if word not in str(caught.value)] == []


def test_manifest_that_is_no_toml_is_told(toy):
    """A broken dataset.toml is named."""
    (toy / "dataset.toml").write_text("title = ")

    with pytest.raises(DatasetError, match=r"dataset.toml is not TOML"):
        datasets.facts("toy")


def test_failing_script_is_told(toy):
    """A make.py that raises is named together with its error."""
    (toy / "make.py").write_text("def make():\n    return 1 / 0\n")

    with pytest.raises(DatasetError, match=r"make.py did not make the toy table: ZeroDivisionError"):
        datasets.make("toy")


# The canonical hash


def test_hash_does_not_depend_on_the_container(toy):
    """Row order, column order, spaces and the types of numbers make no difference."""
    plain = pd.DataFrame({"size": [1, 2], "weight": [0.5, 1.0], "name": ["a", "b"]})
    other = pd.DataFrame({" name": [" b", "a "], "weight": ["1", "0.50"], "size": [2.0, 1.0], "extra": [0, 0]})

    assert datasets.canonical_hash(plain, "toy") == datasets.canonical_hash(other, "toy")


def test_hash_depends_on_the_content(toy):
    """One changed value changes the hash."""
    plain = pd.DataFrame({"size": [1, 2], "weight": [0.5, 1.0], "name": ["a", "b"]})

    assert datasets.canonical_hash(plain, "toy") != datasets.canonical_hash(plain.replace(0.5, 0.6), "toy")


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("size", [1.5, 2], "column size is not of type int"),
        ("size", [float("nan"), 2], "column size is not of type int"),
        ("weight", ["heavy", 1], "column weight is not of type float"),
        ("name", ["a,b", "c"], "column name holds a comma"),
    ],
)
def test_hash_refuses_what_does_not_fit(toy, column, values, message):
    """A value of another type has no canonical form."""
    plain = pd.DataFrame({"size": [1, 2], "weight": [0.5, 1.0], "name": ["a", "b"]})

    with pytest.raises(DatasetError, match=message):
        datasets.canonical_hash(plain.assign(**{column: values}), "toy")


def test_hash_refuses_a_missing_column(toy):
    """A table without one of the columns is told so."""
    with pytest.raises(DatasetError, match="no column weight, name"):
        datasets.canonical_hash(pd.DataFrame({"size": [1]}), "toy")
