"""Jinja for prompt sets: no files, no Python, no silent gap; every error names file and line.

The environment is Jinja's immutable sandbox with a short list of filters and no function but ``range``. What
it does not bound (memory, time) is bounded by the process in which templates of users are rendered
(`semtool.generation.template_process`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from jinja2 import DictLoader, StrictUndefined
from jinja2.exceptions import (
    SecurityError,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    UndefinedError,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from semtool.errors import SemtoolError

__all__ = ["MAX_CHARACTERS", "MissingFieldError", "Templates", "TooMuchError"]

MAX_CHARACTERS = 200_000
"""Longest text that one rendering may put out."""
_JINJA_FILTERS = (
    "batch", "capitalize", "d", "default", "dictsort", "first", "items", "join", "last", "length", "list",
    "lower", "max", "min", "replace", "reverse", "slice", "sort", "string", "title", "trim", "unique",
    "upper", "wordcount",
)  # fmt: skip


class MissingFieldError(SemtoolError):
    """A template uses a ``field`` that the ``subject`` (a class) does not have."""

    def __init__(self, template: str, line: int, field: str, subject: str) -> None:
        self.template, self.line, self.field, self.subject = template, line, field, subject
        super().__init__(f"{template}, line {line}: {subject} has no {field!r}")


class TooMuchError(TemplateError):
    """A rendering takes too long or puts out too much."""


class Templates:
    """The templates of one folder; they may include one another by file name, and nothing else.

    Args:
        files: file name to source text.
        origin: name of the prompt set, for error messages.
    """

    def __init__(self, files: Mapping[str, str], origin: str) -> None:
        self.origin = origin
        self._files = dict(files)
        self._environment = _Environment(self._files)

    def render(self, name: str, variables: Mapping[str, Any], subject: str = "") -> str:
        """Return the text of template ``name`` for ``variables`` (plain data only).

        Raises:
            MissingFieldError: naming template, line, field and ``subject``.
            SemtoolError: for any other mistake in the template, with file and line.
        """
        pieces: list[str] = []
        size = 0
        try:
            stream = self._environment.get_template(name).generate(dict(variables))
            for piece in stream:
                size += len(piece)
                if size > MAX_CHARACTERS:
                    # Thrown into the template, so that the error knows its line.
                    stream.throw(TooMuchError(f"puts out more than {MAX_CHARACTERS} characters"))  # type: ignore[attr-defined]
                pieces.append(piece)
        except _MissingError as error:
            file, line = self._place(error, name)
            raise MissingFieldError(
                f"{self.origin}/{file}", line, error.field, subject or "the data"
            ) from error
        except Exception as error:
            raise self._failed(error, name) from error
        return "".join(pieces)

    def check(self, name: str) -> None:
        """Raise `SemtoolError` if template ``name`` does not parse."""
        try:
            self._environment.get_template(name)
        except Exception as error:
            raise self._failed(error, name) from error

    def _failed(self, error: Exception, name: str) -> SemtoolError:
        file, line = self._place(error, name)
        message = str(error) or type(error).__name__
        if isinstance(error, TemplateSyntaxError):
            file, line, message = error.name or name, error.lineno, str(error.message)
        elif isinstance(error, RecursionError):
            message = "the template calls itself forever or is nested too deeply"
        elif isinstance(error, TemplateNotFound):
            message = f"a template can include only templates of its own folder, not {message!r}"
        elif isinstance(error, MemoryError):
            message = "the template takes too much memory"
        elif not isinstance(error, TemplateError):
            message = f"{type(error).__name__}: {message}"
        return SemtoolError(f"{self.origin}/{file}, line {line}: {message}")

    def _place(self, error: BaseException, name: str) -> tuple[str, int]:
        """Return file and line of the innermost template frame."""
        file, line, trace = name, 1, error.__traceback__
        while trace is not None:
            inside = trace.tb_frame.f_code.co_filename
            if inside in self._files:
                file, line = inside, trace.tb_lineno
            trace = trace.tb_next
        return file, line


class _MissingError(UndefinedError):
    """As `UndefinedError`, with the field's name."""

    def __init__(self, field: str, message: str | None = None) -> None:
        self.field = field
        super().__init__(message)


class _Undefined(StrictUndefined):
    """Fails on every use but ``is defined``, with the name that was missing."""

    __slots__ = ()

    def __init__(
        self, hint: str | None = None, obj: Any = missing, name: Any = None, exc: Any = UndefinedError
    ) -> None:
        super().__init__(hint, obj, name, partial(_MissingError, str(name)) if exc is UndefinedError else exc)  # type: ignore[arg-type]


class _Environment(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"**"})

    def __init__(self, files: dict[str, str]) -> None:
        super().__init__(
            loader=DictLoader(files),
            undefined=_Undefined,
            autoescape=False,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=False,
        )
        self.globals = {"range": self.globals["range"]}
        self.filters = {name: self.filters[name] for name in _JINJA_FILTERS} | FILTERS

    def compile(self, source: Any, name: str | None = None, *_: Any, **options: Any) -> Any:
        """Compile with the template's name as the file name, so that tracebacks name it."""
        return super().compile(source, name, name, **options)

    def call_binop(self, _context: Any, operator: str, _left: Any, _right: Any) -> Any:
        """Refuse powers: no signal stops one that takes long."""
        raise SecurityError(f"the operator {operator!r} is not allowed")


# ---- filters: what templates can do to text besides Jinja's own


def _sentence(text: str) -> str:
    """Return ``text`` with a capital first letter and a full stop."""
    text = _upper_first(text.strip())
    return text + ("" if text.endswith((".", "!", "?")) else ".")


def _upper_first(text: str) -> str:
    """Return ``text`` with a capital first letter and the rest as it is."""
    return text[:1].upper() + text[1:]


def _lower_first(text: str) -> str:
    """Return ``text`` with a small first letter."""
    return text[:1].lower() + text[1:]


def _only(names: list[str], wanted: list[str]) -> list[str]:
    """Return those of ``names`` that are in ``wanted``, in the order of ``names``."""
    return [name for name in names if name in wanted]


def _fuse(text: str) -> str:
    """Join neighbouring sentences that begin with the same two words.

    "The hand begins low. The hand rises." becomes "The hand begins low and rises."
    """
    joined: list[tuple[str, list[str]]] = []
    for sentence in " ".join(text.split()).rstrip(".").split(". "):
        words = sentence.split()
        subject, predicate = " ".join(words[:2]), " ".join(words[2:])
        if joined and predicate and joined[-1][0] == subject:
            joined[-1][1].append(predicate)
        elif words:
            joined.append((subject, [predicate]))
    return " ".join(f"{subject} {_listed(predicates)}".rstrip() + "." for subject, predicates in joined)


def _listed(items: list[str]) -> str:
    return ", ".join(items[:-1]) + " and " + items[-1] if len(items) > 1 else items[0]


FILTERS: dict[str, Callable[..., Any]] = {
    "fuse": _fuse,
    "lower_first": _lower_first,
    "only": _only,
    "sentence": _sentence,
    "upper_first": _upper_first,
}
"""Filters by the name under which templates know them."""
