"""Vectors from others: what is opened, what is refused, and what the embedding file says of them."""

import io
import pickle
import tarfile

import numpy as np
import pytest
import torch

from semtool.artifacts import Store
from semtool.catalogue import load_dataset
from semtool.embedding_file import EmbeddingFile
from semtool.errors import SemtoolError, UsageError
from semtool.exchange import import_embeddings
from semtool.exchange.arrays import read_vectors

CLASSES = 60


@pytest.fixture
def load(tmp_path):
    def load(path, **options):
        done = import_embeddings(path, "ntu60", store=Store(tmp_path / "artifacts"), **options)
        return EmbeddingFile(done.artifact.path), done

    return load


def vectors(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def saved(tmp_path, array, name="v.npy"):
    np.save(tmp_path / name, array)
    return tmp_path / name


def test_one_vector_a_class(tmp_path, load):
    array = vectors(CLASSES, 8)
    file, done = load(saved(tmp_path, array, "ntu60_embeddings.npy"), encoder="ViT-B/32")
    assert done.artifact.reference == "ntu60/ntu60_embeddings/vit-b-32@v1"
    assert np.array_equal(file.vectors(), array)
    assert file.class_id.tolist() == list(range(CLASSES))
    assert set(file.granularity) == {"global"}
    assert file.encoder == "ViT-B/32"
    assert not file.normalized
    assert any("they are kept" in note for note in done.notes)


def test_unit_vectors_are_known_as_such(tmp_path, load):
    array = vectors(CLASSES, 8)
    file, done = load(
        saved(tmp_path, array / np.linalg.norm(array, axis=1, keepdims=True)), granularity="motion"
    )
    assert file.normalized
    assert set(file.granularity) == {"motion"}
    assert done.artifact.manifest.counts == {"motion": CLASSES}


def test_of_101_the_last_is_the_motion_description(tmp_path, load):
    array = vectors(CLASSES, 101, 4)
    file, _ = load(saved(tmp_path, array))
    assert np.array_equal(file.vectors(file.rows(granularity="motion")), array[:, 100])
    assert np.array_equal(file.vectors(file.rows(granularity="global", class_id=7)), array[7, :100])
    assert file.variant[:101].tolist() == [*range(100), 0]


def test_ten_a_class_are_ten_variants(tmp_path, load):
    file, _ = load(saved(tmp_path, vectors(CLASSES, 10, 4)))
    assert file.variant[:10].tolist() == list(range(10))


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_other_floats_become_float32(tmp_path, load, dtype):
    file, _ = load(saved(tmp_path, vectors(CLASSES, 4).astype(dtype)))
    assert file.vectors().dtype == np.float32


def test_an_array_in_fortran_order(tmp_path, load):
    array = vectors(CLASSES, 4)
    assert np.array_equal(load(saved(tmp_path, np.asfortranarray(array)))[0].vectors(), array)


@pytest.mark.parametrize(
    "content",
    [
        lambda t: t,
        lambda t: {"text": t},
        lambda t: {"epoch": 3, "state": {"text": t, "step": torch.tensor(3)}},
        lambda t: [t],
        lambda t: t.half(),
        lambda t: torch.nn.Parameter(t),
    ],
    ids=["tensor", "dict", "nested", "list", "half", "parameter"],
)
@pytest.mark.parametrize("suffix", [".pt", ".tar"])
def test_torch_checkpoints_of_plain_tensors(tmp_path, load, content, suffix):
    tensor = torch.from_numpy(vectors(CLASSES, 10, 4))
    torch.save(content(tensor), tmp_path / f"v{suffix}")
    file, _ = load(tmp_path / f"v{suffix}")
    assert np.allclose(file.vectors(), tensor.reshape(-1, 4).numpy(), atol=2e-3)


def test_the_tensor_is_chosen_by_key(tmp_path, load):
    a, b = torch.from_numpy(vectors(CLASSES, 4)), torch.from_numpy(vectors(CLASSES, 6))
    torch.save({"a": a, "b": {"c": b}}, tmp_path / "v.pt")
    assert load(tmp_path / "v.pt", key="b.c")[0].dim == 6
    with pytest.raises(UsageError, match=r"--key; it holds: a \(60, 4\), b\.c \(60, 6\)"):
        load(tmp_path / "v.pt")
    with pytest.raises(UsageError, match="no tensor 'd'"):
        load(tmp_path / "v.pt", key="d")


class Harmful:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def as_torch(path, harm):
    torch.save({"text": harm}, path)


def as_pickle(path, harm):
    path.write_bytes(pickle.dumps(harm))


def as_tar(path, harm):
    with tarfile.open(path, "w") as archive:
        for name in ("pickle", "tensors", "storages", "sys_info"):
            content = pickle.dumps(harm)
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def as_object_array(path, harm):
    with path.open("wb") as stream:
        np.save(stream, np.array([harm], dtype=object), allow_pickle=True)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("v.pt", as_torch),
        ("v.tar", as_torch),
        ("v.pth", as_pickle),
        ("v.tar", as_pickle),
        ("v.tar", as_tar),
        ("v.npy", as_object_array),
        ("v.npy", as_pickle),
        ("v.pkl", as_pickle),
    ],
)
def test_a_file_with_code_in_it_is_refused_and_runs_nothing(tmp_path, name, write):
    write(tmp_path / name, Harmful(tmp_path / "harm"))
    with pytest.raises(SemtoolError, match="is refused"):
        read_vectors(tmp_path / name)
    assert not (tmp_path / "harm").exists()


def test_the_harmful_object_would_harm(tmp_path):
    pickle.loads(pickle.dumps(Harmful(tmp_path / "harm"))).close()
    assert (tmp_path / "harm").exists()


def nan(array):
    array[3, 0] = np.nan
    return array


def infinite(array):
    array[3, 0] = np.inf
    return array


def zero(array):
    array[3] = 0
    return array


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (nan, "NaN or infinite numbers in rows 3"),
        (infinite, "NaN or infinite numbers in rows 3"),
        (zero, "nothing but zeros in rows 3"),
        (lambda a: a[:59], "59 rows, ntu60 has 60 classes"),
        (lambda a: np.resize(a, (51, 4)), "51 rows, ntu60 has 60 classes"),
        (lambda a: a[0], r"has the shape \(4,\)"),
        (lambda a: a[:, :0], r"has the shape \(60, 0\)"),
        (lambda a: a[None, None], "has the shape"),
        (lambda a: (a * 10).astype(np.int64), "holds int64 numbers"),
        (lambda a: a.astype(complex), "holds complex128 numbers"),
    ],
)
def test_numbers_that_are_no_vectors_are_refused(tmp_path, load, change, says):
    with pytest.raises(SemtoolError, match=says):
        load(saved(tmp_path, change(vectors(CLASSES, 4))))


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"junk" * 10])
@pytest.mark.parametrize("name", ["v.npy", "v.pt", "v.tar"])
def test_a_damaged_file_is_refused(tmp_path, content, name):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SemtoolError, match="is refused"):
        read_vectors(tmp_path / name)


def test_an_archive_that_is_called_an_array_is_refused(tmp_path):
    np.savez(tmp_path / "v.npz", vectors(CLASSES, 4))
    (tmp_path / "v.npz").rename(tmp_path / "v.npy")
    with pytest.raises(SemtoolError, match=r"v\.npy is refused: the magic string is not correct"):
        read_vectors(tmp_path / "v.npy")


def test_a_cut_array_is_refused(tmp_path):
    path = saved(tmp_path, vectors(CLASSES, 4))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(SemtoolError, match="is refused"):
        read_vectors(path)


def test_other_suffixes_and_missing_files_are_usage_errors(tmp_path):
    (tmp_path / "v.txt").write_text("1 2 3")
    with pytest.raises(UsageError, match=r"vectors are read from \.npy"):
        read_vectors(tmp_path / "v.txt")
    with pytest.raises(UsageError, match="no such file"):
        read_vectors(tmp_path / "none.npy")


def test_a_data_set_of_the_users_own(tmp_path):
    (tmp_path / "own.yaml").write_text("name: own\nclasses: [wave, kick]\n")
    done = import_embeddings(
        saved(tmp_path, vectors(2, 4)),
        load_dataset(tmp_path / "own.yaml"),
        store=Store(tmp_path / "artifacts"),
    )
    assert done.artifact.dataset == "own"
