"""The files that peers published, imported as they are, and ours exported for them."""

from pathlib import Path

import numpy as np
import pytest

from semtool.artifacts import Store
from semtool.descriptions import DescriptionSet

pytestmark = pytest.mark.real


@pytest.fixture
def published(data_folder):
    return data_folder / "descriptions"


def read(reference):
    return DescriptionSet.read(Store().resolve("descriptions", reference).path)


@pytest.mark.parametrize(("name", "dataset", "classes"), [("ntu60", "ntu60", 60), ("pku", "pku-mmd", 51)])
def test_smie(cli, published, name, dataset, classes):
    done = cli(
        "artifacts",
        "import",
        published / f"smie_{name}_des.txt",
        "--dataset",
        dataset,
        "--name",
        "smie",
        "--json",
    )
    assert done.code == 0, done.err
    assert done.json()["counts"] == {"global": classes}
    texts = [d.text for d in read(f"{dataset}/smie")]
    raw = (published / f"smie_{name}_des.txt").read_bytes().decode("utf-8").split("\r\n")
    assert texts == [" ".join(line.split()) for line in raw]
    assert cli("artifacts", "export", f"{dataset}/smie", "--as", "lines", "--out", "out").code == 0
    assert (
        Path(f"out/{dataset.replace('pku-mmd', 'pkummd')}_des.txt").read_text(encoding="utf-8").splitlines()
        == texts
    )


def test_sadvae_counts_from_one(cli, published):
    file = published / "sadvae_ntu60.csv"
    done = cli(
        "artifacts",
        "import",
        file,
        "--dataset",
        "ntu60",
        "--name",
        "sadvae",
        "--granularity",
        "motion",
        "--json",
    )
    assert done.code == 0, done.err
    assert "class numbers count from 1: 1 to 60" in done.json()["notes"]
    assert done.json()["counts"] == {"motion": 60}
    assert [d.class_id for d in read("ntu60/sadvae")] == list(range(60))


@pytest.mark.parametrize(
    ("dataset", "classes"),
    [("ntu60", 60), ("ntu120", 120), ("nw-ucla", 10), ("utd-mhad", 27), ("uwa3dii", 30)],
)
def test_purls(cli, published, dataset, classes):
    done = cli(
        "artifacts",
        "import",
        published / "purls_gpt3_desc.xlsx",
        "--dataset",
        dataset,
        "--name",
        "purls",
        "--json",
    )
    assert done.code == 0, done.err
    assert done.json()["counts"] == {
        "label": classes,
        "global": classes,
        "part": 4 * classes,
        "phase": 3 * classes,
    }


def test_purls_labels_that_do_not_fit_are_named(cli, published):
    file = published / "purls_gpt3_desc.xlsx"
    notes = cli("artifacts", "import", file, "--dataset", "uwa3dii", "--name", "purls", "--json").json()[
        "notes"
    ]
    # Two classes of UWA3DII carry the same label in the sheet: only the order tells them apart.
    assert any("which is class 4, but stands at 27" in note for note in notes)
    assert "the classes 4, 27 have the same label text" in notes


def test_class_lists_are_known_as_labels(cli, data_folder):
    for name, dataset, classes in (("ntu120", "ntu120", 120), ("pku_mmd", "pku-mmd", 51)):
        file = data_folder / "class_names" / f"{name}.csv"
        done = cli("artifacts", "import", file, "--dataset", dataset, "--name", "names", "--json")
        assert done.json()["counts"] == {"label": classes}


def test_the_wrong_data_set_is_refused(cli, published):
    refused = cli("artifacts", "import", published / "smie_ntu60_des.txt", "--dataset", "ntu120")
    assert refused.code == 1
    assert "60 rows, ntu120 has 120 classes" in refused.err
    refused = cli("artifacts", "import", published / "purls_gpt3_desc.xlsx", "--dataset", "pku-mmd")
    assert refused.code == 2
    assert "--sheet: Kinetic-skeletons, NTU-RGB+D" in refused.err


def test_published_text_becomes_a_file_for_peers(cli, published):
    file = published / "purls_gpt3_desc.xlsx"
    assert cli("artifacts", "import", file, "--dataset", "utd-mhad", "--name", "purls").code == 0
    embedded = cli("embed", "--descriptions", "utd-mhad/purls", "--encoder", "tfidf")
    assert embedded.code == 0, embedded.err
    assert (
        cli("artifacts", "export", "utd-mhad/purls/tfidf", "--as", "codebook", "--out", "language").code == 0
    )
    array = np.load("language/utd-mhad_embeddings.npy")
    assert array.shape[:2] == (27, 101)
    assert np.allclose(np.linalg.norm(array, axis=2), 1, atol=1e-5)
