import errno
import tracemalloc

import pytest

from semtool.disk import atomic, read_plain, write_atomically
from semtool.errors import SemtoolError


def test_a_file_is_whole_or_as_it_was(tmp_path):
    path = tmp_path / "new" / "a.txt"
    write_atomically(path, "é\r\n")
    assert path.read_bytes() == "é\r\n".encode()
    with pytest.raises(ValueError, match="stop"):  # noqa: PT012, SIM117
        with atomic(path) as temporary:
            temporary.write_text("half")
            raise ValueError("stop")
    assert path.read_bytes() == "é\r\n".encode()
    assert [p.name for p in path.parent.iterdir()] == ["a.txt"]


def test_the_mode_is_that_of_any_new_file(tmp_path):
    (tmp_path / "plain").write_text("")
    write_atomically(tmp_path / "a", b"")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("above", ["file", "file/below"])
def test_a_folder_that_is_a_file_is_one_sentence(tmp_path, above):
    (tmp_path / "file").write_text("")
    with pytest.raises(SemtoolError, match="cannot write to"):
        write_atomically(tmp_path / above / "a", "x")


def test_a_full_disk_is_one_sentence(tmp_path):
    with pytest.raises(SemtoolError, match="disk is full"), atomic(tmp_path / "a"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert not list(tmp_path.iterdir())


def test_a_small_file_takes_little_memory_whatever_may_be_read(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    tracemalloc.start()
    assert read_plain(tmp_path / "a", 1 << 30) == b"abc"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20
