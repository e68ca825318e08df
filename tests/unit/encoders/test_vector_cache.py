"""The cache of vectors by content."""

import sqlite3
import subprocess
import sys

import numpy as np
import pytest

from semtool.errors import SemtoolError
from semtool.vector_cache import VectorCache

VECTORS = np.arange(6, dtype=np.float32).reshape(2, 3)


def test_what_is_put_is_found_by_content(tmp_path):
    VectorCache(tmp_path, {"model": "a"}).put(["wave", "kick"], VECTORS, [3, -1])
    found = VectorCache(tmp_path, {"model": "a"}).get(["kick", "sit", "wave"])
    assert set(found) == {"kick", "wave"}
    assert found["wave"].vector.tolist() == [0, 1, 2]
    assert (found["wave"].tokens, found["kick"].tokens) == (3, -1)


def test_another_encoder_has_another_cache(tmp_path):
    VectorCache(tmp_path, {"model": "a"}).put(["wave"], VECTORS[:1], [3])
    assert VectorCache(tmp_path, {"model": "b"}).get(["wave"]) == {}


def test_more_texts_than_a_query_takes(tmp_path):
    texts = [f"text {i}" for i in range(2500)]
    cache = VectorCache(tmp_path, {})
    cache.put(texts, np.ones((2500, 2), np.float32), [1] * 2500)
    assert len(cache.get(texts)) == 2500


def test_a_flipped_byte_makes_a_vector_unknown(tmp_path):
    cache = VectorCache(tmp_path, {})
    cache.put(["wave", "kick"], VECTORS, [1, 1])
    with sqlite3.connect(cache.path) as connection:
        connection.execute(
            "update vectors set vector = x'000000000000000000000000' where tokens = 1 and crc32 = ?",
            connection.execute("select crc32 from vectors limit 1").fetchone(),
        )
    connection.close()
    assert len(cache.get(["wave", "kick"])) == 1


def test_a_damaged_file_is_set_aside(tmp_path):
    cache = VectorCache(tmp_path, {})
    cache.put(["wave"], VECTORS[:1], [1])
    cache.path.write_bytes(b"not a database, but long enough to be taken for one" * 100)
    assert cache.get(["wave"]) == {}
    cache.put(["wave"], VECTORS[:1], [1])
    assert set(cache.get(["wave"])) == {"wave"}
    assert cache.path.with_suffix(".damaged").is_file()


@pytest.mark.skipif(sys.platform == "win32", reason="needs resource limits")
def test_a_full_disk_is_one_sentence(tmp_path):
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "import numpy as np; from pathlib import Path\n"
        "from semtool.vector_cache import VectorCache\n"
        "VectorCache(Path(sys.argv[1]), {}).put(list('abcdefghij'), np.ones((10, 4000), 'f4'), [1] * 10)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True)
    assert "SemtoolError: cannot write the vector cache" in ran.stderr
    assert VectorCache(tmp_path, {}).get(["a"]) == {}


def test_an_unwritable_place_is_one_sentence(tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(SemtoolError, match="cannot write the vector cache"):
        VectorCache(tmp_path, {}).put(["wave"], VECTORS[:1], [1])
