"""The same content gives the same bytes, whatever order the library writes metadata in."""

import numpy as np
from safetensors import safe_open

from semtool.tensors import save_tensors


def test_the_same_content_gives_the_same_bytes(tmp_path):
    tensors = {"b": np.arange(6, dtype=np.int64), "a": np.ones((2, 3), np.float32)}
    metadata = {name: f'["{name}", "ä🙂\\n"]' for name in "gfedcba"}
    files = [tmp_path / f"{i}.safetensors" for i in range(8)]
    for path in files:
        save_tensors(path, tensors, metadata)
    assert len({path.read_bytes() for path in files}) == 1
    with safe_open(files[0], framework="numpy") as stream:
        assert stream.metadata() == metadata
        assert (stream.get_tensor("b") == tensors["b"]).all()
        assert (stream.get_tensor("a") == tensors["a"]).all()
