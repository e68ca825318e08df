"""Jinja for templates that users bring: no files, no Python, no endless loop, no silent gap.

The environment is Jinja's immutable sandbox, narrowed further: a short list of filters and string methods, no
global functions but a bounded ``range``, and a budget of steps (loop rounds and calls) and of characters, so
that whatever a template does, rendering it ends quickly. Every error names file and line.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from typing import Any, cast

from jinja2 import DictLoader, StrictUndefined, nodes
from jinja2.exceptions import (
    SecurityError,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    UndefinedError,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from semtool.errors import SemtoolError
from semtool.generation.filters import FILTERS

__all__ = ["MissingFieldError", "Templates"]

MAX_STEPS = 20_000
"""Most loop rounds and calls in one rendering."""
MAX_CHARACTERS = 200_000
"""Longest text that a template may build or put out, in characters."""

_FILTERS = (
    "batch", "capitalize", "d", "default", "dictsort", "first", "items", "join", "last", "length", "list",
    "lower", "max", "min", "replace", "reverse", "slice", "sort", "string", "title", "trim", "unique",
    "upper", "wordcount",
)  # fmt: skip
_METHODS = {
    str: {
        "capitalize", "endswith", "lower", "lstrip", "removeprefix", "removesuffix", "replace", "rstrip",
        "split", "splitlines", "startswith", "strip", "title", "upper",
    },
    dict: {"get", "items", "keys", "values"},
    list: {"count", "index"},
    tuple: {"count", "index"},
}  # fmt: skip


class MissingFieldError(SemtoolError):
    """A template uses a ``field`` that the ``subject`` (a class) does not have."""

    def __init__(self, template: str, line: int, field: str, subject: str) -> None:
        self.template, self.line, self.field, self.subject = template, line, field, subject
        super().__init__(f"{template}, line {line}: {subject} has no {field!r}")


class Templates:
    """The templates of one folder; they may include one another by file name, and nothing else.

    Args:
        files: file name to source text.
        origin: name of the prompt set, for error messages.
    """

    def __init__(self, files: Mapping[str, str], origin: str) -> None:
        self.origin = origin
        self._files = dict(files)
        self._environment = _Environment(DictLoader(self._files))

    def render(self, name: str, variables: Mapping[str, Any], subject: str = "") -> str:
        """Return the text of template ``name`` for ``variables`` (plain data only).

        Raises:
            MissingFieldError: naming template, line, field and ``subject``.
            SemtoolError: for any other mistake in the template, with file and line.
        """
        environment = self._environment
        environment.begin()
        pieces: list[str] = []
        size = 0
        try:
            stream = cast("Generator[str]", environment.get_template(name).generate(dict(variables)))
            for piece in stream:
                size += len(piece)
                if size > MAX_CHARACTERS:
                    # Thrown into the template, so that the error knows its line.
                    stream.throw(_TooMuchError(f"puts out more than {MAX_CHARACTERS} characters"))
                pieces.append(piece)
        except TemplateSyntaxError as error:
            raise SemtoolError(self._where(error.name or name, error.lineno) + str(error.message)) from error
        except _MissingError as error:
            file, line = self._place(error, name)
            raise MissingFieldError(
                f"{self.origin}/{file}", line, error.field, subject or "the data"
            ) from error
        except RecursionError as error:
            raise SemtoolError(
                self._where(*self._place(error, name)) + "the template calls itself forever"
            ) from error
        except Exception as error:
            message = str(error) or type(error).__name__
            if isinstance(error, TemplateNotFound):
                message = f"a template can include only templates of its own folder, not {message!r}"
            elif not isinstance(error, TemplateError):
                message = f"{type(error).__name__}: {message}"
            raise SemtoolError(self._where(*self._place(error, name)) + message) from error
        return "".join(pieces)

    def check(self, name: str) -> None:
        """Raise `SemtoolError` if template ``name`` does not parse."""
        try:
            self._environment.get_template(name)
        except TemplateSyntaxError as error:
            raise SemtoolError(self._where(error.name or name, error.lineno) + str(error.message)) from error
        except TemplateError as error:
            raise SemtoolError(f"{self.origin}: cannot load template {name}: {error}") from error

    def _where(self, file: str, line: int) -> str:
        return f"{self.origin}/{file}, line {line}: "

    def _place(self, error: BaseException, name: str) -> tuple[str, int]:
        """Return file and line of the innermost template frame."""
        file, line, trace = name, 1, error.__traceback__
        while trace is not None:
            inside = trace.tb_frame.f_code.co_filename
            if inside in self._files:
                file, line = inside, trace.tb_lineno
            trace = trace.tb_next
        return file, line


class _TooMuchError(TemplateError):
    """A rendering went over its budget."""


class _MissingError(UndefinedError):
    """As `UndefinedError`, with the field's name."""

    field = ""


class _Undefined(StrictUndefined):
    """Fails on every use but ``is defined``, and remembers the name that was missing."""

    __slots__ = ()

    def _fail_with_undefined_error(self, *_: Any, **__: Any) -> Any:
        if self._undefined_exception is not UndefinedError:
            raise self._undefined_exception(self._undefined_message)
        error = _MissingError(self._undefined_message)
        error.field = str(self._undefined_name)
        raise error

    __iter__ = __str__ = __len__ = _fail_with_undefined_error
    __eq__ = __ne__ = __bool__ = __hash__ = _fail_with_undefined_error
    __contains__ = __getitem__ = __call__ = _fail_with_undefined_error
    __add__ = __radd__ = __mod__ = __rmod__ = __lt__ = __gt__ = _fail_with_undefined_error

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._fail_with_undefined_error()


class _Environment(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self, loader: DictLoader) -> None:
        super().__init__(
            loader=loader,
            undefined=_Undefined,
            autoescape=False,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=False,
        )
        self.globals = {"range": self._range}
        self.filters = {name: self.filters[name] for name in _FILTERS}
        self.filters |= FILTERS | {"_loop": self._loop, "_size": _size}
        self._steps = 0

    def begin(self) -> None:
        """Start a new budget."""
        self._steps = 0

    def compile(self, source: Any, name: str | None = None, *_: Any, **options: Any) -> Any:
        """Compile with the template's name as the file name, so that tracebacks name it."""
        return super().compile(source, name, name, **options)

    def wrap_str_format(self, value: Any) -> None:
        """Leave ``str.format`` to `is_safe_attribute`, which refuses it: widths can fill memory."""

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        """Parse, then put every loop under the budget and every assigned value under the size limit."""
        tree = super()._parse(source, name, filename)
        for loop in tree.find_all(nodes.For):
            if loop.recursive:
                raise TemplateSyntaxError("recursive loops are not allowed", loop.lineno, name)
            loop.iter = _filtered(loop.iter, "_loop")
        for assign in tree.find_all(nodes.Assign):
            assign.node = _filtered(assign.node, "_size")
        for block in tree.find_all(nodes.AssignBlock):
            block.filter = nodes.Filter(block.filter, "_size", [], [], None, None, lineno=block.lineno)
        for scope in tree.find_all(nodes.With):
            scope.values = [_filtered(value, "_size") for value in scope.values]
        tree.set_environment(self)
        return tree

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Allow only the listed methods of plain data, and Jinja's own loop and macro attributes."""
        for kind, methods in _METHODS.items():
            if isinstance(obj, kind):
                return attr in methods
        return super().is_safe_attribute(obj, attr, value)

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Count the call, and hold arguments and result to the size limit."""
        __self._step()
        for value in (*args, *kwargs.values()):
            _size(value)
        return _size(super().call(__context, __obj, *args, **kwargs))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Allow ``*`` and ``%`` on numbers only, and no powers."""
        if operator == "**" or not (isinstance(left, int | float) and isinstance(right, int | float)):
            raise SecurityError(f"the operator {operator!r} is for numbers only, and powers are not allowed")
        return _size(super().call_binop(context, operator, left, right))

    def _step(self) -> None:
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise _TooMuchError(f"takes more than {MAX_STEPS} steps; does it loop?")

    def _loop(self, items: Any) -> Iterator[Any]:
        if isinstance(items, _Undefined):
            iter(items)
        return self._counted(items)

    def _counted(self, items: Any) -> Iterator[Any]:
        for item in items:
            self._step()
            yield _size(item)

    def _range(self, *bounds: int) -> range:
        found = range(*bounds)
        if len(found) > MAX_STEPS:
            raise _TooMuchError(f"range() has {len(found)} rounds, more than {MAX_STEPS}")
        return found


def _filtered(node: nodes.Node, name: str) -> nodes.Filter:
    return nodes.Filter(cast("nodes.Expr", node), name, [], [], None, None, lineno=node.lineno)


def _size(value: Any) -> Any:
    """Return ``value`` if it is small enough."""
    large = isinstance(value, str | list | tuple | dict) and len(value) > MAX_CHARACTERS
    if large or (isinstance(value, int) and abs(value) > 10**15):
        raise _TooMuchError(f"builds a value of more than {MAX_CHARACTERS} characters or too many digits")
    return value
