"""Embedding files: what they hold, what is read of them, and what is refused."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from semtool.embedding_file import FILE, EmbeddingFile, write_embeddings
from semtool.errors import SemtoolError


def write(folder, n=6, d=4, **changes):
    arguments = {
        "vectors": np.arange(n * d, dtype=np.float32).reshape(n, d),
        "class_id": np.arange(n) // 3,
        "granularity": ["label", "part", "part"] * (n // 3),
        "slot": ["", "head", "arms"] * (n // 3),
        "variant": [0] * n,
        "dataset": "ntu60",
        "encoder": "tfidf",
    }
    write_embeddings(folder, **(arguments | changes))
    return folder / FILE


def test_what_is_written_is_read(tmp_path):
    write(tmp_path, dimensions=["a", "b", "c", "d"], normalized=False)
    file = EmbeddingFile(tmp_path)
    assert (len(file), file.dim, file.dataset, file.encoder, file.normalized) == (
        6,
        4,
        "ntu60",
        "tfidf",
        False,
    )
    assert file.dimensions == ["a", "b", "c", "d"]
    assert file.class_id.tolist() == [0, 0, 0, 1, 1, 1]
    assert file.vectors().dtype == np.float32
    assert np.array_equal(file.vectors(), np.arange(24).reshape(6, 4))


def test_the_same_content_gives_the_same_bytes(tmp_path):
    (tmp_path / "a").mkdir(), (tmp_path / "b").mkdir()
    assert write(tmp_path / "a").read_bytes() == write(tmp_path / "b").read_bytes()


def test_the_file_opens_with_safetensors_alone(tmp_path):
    with safe_open(write(tmp_path), framework="numpy") as file:
        assert file.get_tensor("embeddings").shape == (6, 4)
        assert file.get_tensor("class_id").dtype == np.int64
        assert json.loads(file.metadata()["slot"]) == ["", "head", "arms"] * 2


@pytest.mark.parametrize(
    ("wanted", "rows"),
    [
        ({}, [0, 1, 2, 3, 4, 5]),
        ({"granularity": "part"}, [1, 2, 4, 5]),
        ({"granularity": ["label", "motion"]}, [0, 3]),
        ({"slot": "arms"}, [2, 5]),
        ({"granularity": "part", "class_id": 1}, [4, 5]),
        ({"granularity": "phase"}, []),
    ],
)
def test_rows_and_their_vectors(tmp_path, wanted, rows):
    file = EmbeddingFile(write(tmp_path))
    assert file.rows(**wanted).tolist() == rows
    assert np.array_equal(file.vectors(file.rows(**wanted)), np.arange(24).reshape(6, 4)[rows])


def test_rows_come_in_the_order_asked_for(tmp_path):
    file = EmbeddingFile(write(tmp_path))
    assert file.vectors(np.array([5, 0, 1, 5]))[:, 0].tolist() == [20, 0, 4, 20]


READ_ONE = """
import sys
from pathlib import Path
import numpy as np
from semtool.embedding_file import EmbeddingFile


def peak():
    # Of this program alone: what getrusage says starts from the peak of the process that started it.
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])


file = EmbeddingFile(sys.argv[1])
before = peak()
vectors = file.vectors(file.rows(granularity="motion") if sys.argv[2] == "one" else None)
print(vectors.shape, peak() - before)
"""


@pytest.mark.parametrize("rows", [[6], [-1], [0, 99]])
def test_rows_that_do_not_exist(tmp_path, rows):
    with pytest.raises(IndexError, match="rows are 0 to 5"):
        EmbeddingFile(write(tmp_path)).vectors(np.array(rows))


def test_a_file_cut_after_it_was_opened(tmp_path):
    file = EmbeddingFile(write(tmp_path))
    file.path.write_bytes(file.path.read_bytes()[:-4])
    with pytest.raises(SemtoolError, match="cannot open the embedding file"):
        file.vectors()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs the peak memory of a process")
@pytest.mark.parametrize("wanted", ["one", "all"])
def test_only_what_is_asked_for_is_read(tmp_path, wanted):
    # A file of 96 MB, nearly all of it holes: reading the whole would show in the memory of the process.
    n, d = 96, 1 << 18
    metadata = {
        "dataset": json.dumps("d"),
        "encoder": json.dumps("e"),
        "normalized": json.dumps(True),
        "granularity": json.dumps(["global"] * (n - 1) + ["motion"]),
        "slot": json.dumps([""] * n),
        "variant": json.dumps([0] * n),
    }
    header = {
        "__metadata__": metadata,
        "class_id": {"dtype": "I64", "shape": [n], "data_offsets": [0, 8 * n]},
        "embeddings": {"dtype": "F32", "shape": [n, d], "data_offsets": [8 * n, 8 * n + 4 * n * d]},
    }
    raw = json.dumps(header).encode()
    raw += b" " * (-len(raw) % 8)
    with (tmp_path / FILE).open("wb") as stream:
        stream.write(len(raw).to_bytes(8, "little") + raw)
        stream.truncate(8 + len(raw) + 8 * n + 4 * n * d)
    out = subprocess.check_output([sys.executable, "-c", READ_ONE, tmp_path / FILE, wanted], text=True)
    kilobytes = int(out.rpartition(" ")[2])
    assert (kilobytes > 80 * 1024) if wanted == "all" else (kilobytes < 16 * 1024), out


@pytest.mark.parametrize("column", ["class_id", "granularity", "slot", "variant"])
def test_a_column_of_another_length_is_not_written(tmp_path, column):
    with pytest.raises(SemtoolError, match="a class id, granularity, slot and variant for each vector"):
        write(tmp_path, **{column: np.zeros(5, dtype=int) if column == "class_id" else [0] * 5})


def damaged(path, change):
    with safe_open(path, framework="numpy") as file:
        metadata, tensors = file.metadata(), {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    change(metadata, tensors)
    save_file(tensors, path, metadata=metadata)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda m, t: m.pop("granularity"), "lacks 'granularity'"),
        (lambda m, t: m.update(slot="[1,"), "unreadable metadata"),
        (lambda m, t: m.update(variant='["x"]'), "unreadable metadata"),
        (lambda m, t: m.update(variant="[0]"), "1 variants"),
        (lambda m, t: t.pop("class_id"), "lacks 'class_id'"),
        (
            lambda m, t: t.update(embeddings=t["embeddings"][:5]),
            r"vectors F32 \(5, 4\), class ids I64 \(6,\)",
        ),
        (lambda m, t: t.update(embeddings=t["embeddings"].astype(np.float64)), "vectors F64"),
        (lambda m, t: t.update(class_id=t["class_id"].astype(np.int32)), "class ids I32"),
        (lambda m, t: t.update(embeddings=t["embeddings"].reshape(6, 2, 2)), r"vectors F32 \(6, 2, 2\)"),
    ],
    ids=["metadata", "json", "number", "length", "tensor", "rows", "double", "narrow", "shape"],
)
def test_a_damaged_file_is_refused(tmp_path, change, says):
    path = write(tmp_path)
    damaged(path, change)
    with pytest.raises(SemtoolError, match=says):
        EmbeddingFile(path)


@pytest.mark.parametrize("content", [b"", b"not a tensor file", b"\xff" * 64])
def test_what_is_no_safetensors_file_is_refused(tmp_path, content):
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(SemtoolError, match="cannot open the embedding file"):
        EmbeddingFile(tmp_path)


def test_a_cut_file_is_refused(tmp_path):
    path = write(tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(SemtoolError, match="cannot open the embedding file"):
        EmbeddingFile(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SemtoolError, match=r"none\.safetensors"):
        EmbeddingFile(tmp_path / "none.safetensors")
