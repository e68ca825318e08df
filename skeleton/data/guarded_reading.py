"""Reading one raw file so that whatever is wrong with it becomes a finding."""

from __future__ import annotations

from collections.abc import Iterator

from semtool.errors import SemtoolError
from skeleton.data.formats import RawFile, RawSample, ReadContext, Reader, SampleFinding, Unreadable

__all__ = ["guarded"]


def guarded(reader: Reader, file: RawFile, context: ReadContext) -> Iterator[RawSample]:
    """Yield what the reader reads; its error, of any kind, becomes a finding after what was read before."""
    try:
        yield from reader.read(file, context)
    except Unreadable as error:
        yield SampleFinding(error.outcome, str(error), file.stem)
    except MemoryError:
        yield SampleFinding(
            "too-large", f"{file.name} needs more memory than a file of its size may", file.stem
        )
    except SemtoolError as error:
        yield SampleFinding("damaged", f"{file.name}: {error}", file.stem)
    except Exception as error:  # a damaged file makes a library fail in any way it likes
        words = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        yield SampleFinding("damaged", f"{file.name} cannot be read: {words}", file.stem)
