"""What every public function says of itself: what it takes, by name, and what it gives back."""

import importlib
import inspect
import pkgutil
import re

import pytest

import semtool
import skeleton

DOORS = [
    door
    for package in (semtool, skeleton)
    for door in (
        package.__name__,
        *(m.name for m in pkgutil.iter_modules(package.__path__, f"{package.__name__}.") if m.ispkg),
    )
]


def ours(thing):
    return getattr(thing, "__module__", "").partition(".")[0] in ("semtool", "skeleton")


def methods(kind):
    """Yield the public methods of a class, inherited ones too where the base is ours."""
    for name in sorted({name for base in kind.__mro__ if ours(base) for name in vars(base)}):
        found = getattr(kind, name)
        field = any(name in vars(base).get("__annotations__", {}) for base in kind.__mro__)
        if not name.startswith("_") and inspect.isroutine(found) and ours(found) and not field:
            yield name, found


def public():
    """Map each public function to its docstring, once, under the name that it has where it is defined."""
    found = {}
    for door in DOORS:
        module = importlib.import_module(door)
        for name in module.__all__:
            thing = getattr(module, name)
            if inspect.isclass(thing) and ours(thing):
                for method, function in methods(thing):
                    # asked of the class, a method that says nothing itself speaks with its base's words
                    found[f"{thing.__module__}.{thing.__name__}.{method}"] = function
            elif inspect.isroutine(thing) and ours(thing):
                found[f"{thing.__module__}.{name}"] = thing
    return found


def sections(doc):
    """Return the sections of a Google-style docstring: title -> its text."""
    parts = re.split(r"^(\w+):\n(?=    )", doc, flags=re.MULTILINE)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def faults(function):
    doc = inspect.getdoc(function)
    if not doc:
        return ["no docstring"]
    said, signature = sections(doc), inspect.signature(function)
    parameters = [name for name in signature.parameters if name not in ("self", "cls")]
    named = re.findall(r"^    \*{0,2}(\w+)(?: \(.*?\))?:", said.get("Args", ""), flags=re.MULTILINE)
    found = []
    if (len(parameters) > 1 or named) and named != parameters:
        found.append(f"Args: names {named}, takes {parameters}")
    gives = signature.return_annotation not in (None, "None", inspect.Signature.empty)
    if len(parameters) > 1 and gives and "Returns" not in said and not re.match(r"(Return|Yield)s?\b", doc):
        found.append("does not say what it returns")
    return found


def test_every_public_function_says_what_it_takes_and_gives():
    found = public()
    assert len(found) > 150
    assert not {name: said for name, function in found.items() if (said := faults(function))}


def silent(one): ...


def forgets(one, two) -> int:
    """Add.

    Args:
        one: a number.
    """


def renamed(one, two, **rest) -> int:
    """Return the sum.

    Args:
        one: a number.
        second: another.
        rest: more.
    """


def whole(one, *two) -> int:
    """Add.

    Args:
        one: a number, as: 1,
            two: no name of an argument.
        two: others.

    Returns:
        The sum.
    """


@pytest.mark.parametrize(("function", "count"), [(silent, 1), (forgets, 2), (renamed, 1), (whole, 0)])
def test_the_check_finds_what_is_left_out(function, count):
    assert len(faults(function)) == count
