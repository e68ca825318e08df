"""Who may import whom, what the command line may load, and what no file of the package may say."""

import ast
import functools
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("semtool", "skeleton")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
HEAVY = {
    "torch", "pandas", "numpy", "pydantic", "sentence_transformers", "open_clip", "openai", "sklearn",
    "scipy", "safetensors", "huggingface_hub", "transformers", "openpyxl", "matplotlib", "plotly", "ray",
    "wandb",
}  # fmt: skip
SKELETON_MAY_IMPORT = {
    "semtool.errors", "semtool.lazy", "semtool.disk", "semtool.numeric", "semtool.catalogue",
    "semtool.artifacts", "semtool.tensors", "semtool.embedding_file", "semtool.feature_file",
    "semtool.showing", "semtool.plugins", "semtool.record",
}  # fmt: skip
TYPED_LABELS = {
    "skeleton/runs/classification.py": {"semtool.embedding", "semtool.generation"},
    "skeleton/runs/auxiliary.py": {"semtool.embedding", "semtool.generation"},
    **{
        f"skeleton/recogniser/{n}.py": {"semtool.encoders"}
        for n in ("making", "reading", "recogniser", "words")
    },
}
"""Labels typed at prediction time, and auxiliary classes, have no embedding file yet: these describe and
embed them, or ask for attribute codes."""
KNOW_SKELETON = ("semtool/cli/", "semtool/experiments/")
"""The command line, and the comparison runner."""


def module_of(path):
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@functools.cache
def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def exported():
    """Map ``door.name`` of each package's ``__init__`` to the module that defines it."""
    return {
        f"{module_of(path)}.{alias.asname or alias.name}": node.module
        for path in FILES
        if path.name == "__init__.py"
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def imports(path, *, top_only=False):
    """Yield (module, line) of each import, relative ones resolved; ``from a import b`` yields a and a.b.

    What a door exports is followed to where it is defined.
    """
    for module, line in stated(path, top_only=top_only):
        yield module, line
        for _ in range(3):  # a door behind a door behind the package's own
            module = exported().get(module, module)
            yield module, line


def stated(path, *, top_only=False):
    """Yield (module, line) of each import as it is written."""
    tree = parsed(path)
    package = module_of(path).split(".")
    package = package if path.name == "__init__.py" else package[:-1]
    for node in _top(tree) if top_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module, node.lineno
            yield from ((f"{module}.{alias.name}", node.lineno) for alias in node.names)


def _top(tree):
    """Yield the statements that run when a module is imported: not functions, not ``if TYPE_CHECKING``."""
    waiting = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
            continue
        yield node
        waiting += [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]


def within(module, package):
    return module == package or module.startswith(package + ".")


def name(path):
    return path.relative_to(ROOT).as_posix()


def test_there_is_something_to_look_at():
    assert len(FILES) > 30
    top = {module for module, _ in imports(ROOT / "semtool/cli/app.py", top_only=True)}
    assert "semtool.errors" in top
    settings = ROOT / "semtool/cli/settings.py"
    assert "dotenv" not in {module for module, _ in imports(settings, top_only=True)}
    assert "dotenv" in {module for module, _ in imports(settings)}


def test_skeleton_knows_little_of_semtool():
    wrong = [
        f"{name(path)}:{line}: {module}"
        for path in FILES
        if name(path).startswith("skeleton/")
        for module, line in imports(path)
        if within(module, "semtool")
        and module != "semtool"
        and not any(
            within(module, allowed) for allowed in SKELETON_MAY_IMPORT | TYPED_LABELS.get(name(path), set())
        )
    ]
    assert not wrong


def test_semtool_does_not_know_skeleton():
    assert not [
        f"{name(path)}:{line}: {module}"
        for path in FILES
        if name(path).startswith("semtool/") and not name(path).startswith(KNOW_SKELETON)
        for module, line in imports(path)
        if within(module, "skeleton")
    ]


def test_no_import_goes_round_in_a_circle():
    known = {module_of(path) for path in FILES}
    arrows = {
        module_of(path): {m for m, _ in imports(path, top_only=True) if m in known and m != module_of(path)}
        for path in FILES
    }
    assert sum(map(len, arrows.values())) > len(FILES)
    assert set(TopologicalSorter(arrows).static_order()) == known  # CycleError names the circle


def room_of(module):
    """Return the first-level package that a module stands in, or the file itself; a folder in experiments."""
    depth = 3 if within(module, "semtool.experiments") else 2
    return ".".join(module.split(".")[:depth])


def test_rooms_are_entered_by_their_doors():
    inside = {module_of(p) for p in FILES} - exported().keys()
    deeper = [
        f"{name(path)}:{line}: {module}"
        for path in FILES
        if module_of(path) not in PACKAGES
        for module, line in stated(path)
        if module in inside and room_of(module) not in (room_of(module_of(path)), module)
    ]
    assert not deeper


@pytest.mark.parametrize("side", PACKAGES)
def test_a_side_has_at_most_eight_floors(side):
    """A room stands one floor above the highest room whose modules it imports, now or later."""
    below = {}
    for path in FILES:
        room = ".".join(module_of(path).split(".")[:2])
        if within(room, side) and room not in (side, f"{side}.__main__"):  # the way in is no room
            used = {".".join(m.split(".")[:2]) for m, _ in imports(path) if within(m, side) and m != side}
            below.setdefault(room, set()).update(used - {room})
    floor = {}
    for room in TopologicalSorter(below).static_order():
        floor[room] = 1 + max((floor[r] for r in below.get(room, ())), default=0)
    assert 2 < max(floor.values()) <= 8


def test_nobody_imports_the_command_line():
    assert not [
        f"{name(path)}:{line}: {module}"
        for path in FILES
        if not name(path).startswith(("semtool/cli/", "semtool/__main__"))
        for module, line in imports(path)
        if within(module, "semtool.cli")
    ]


def test_commands_import_little_at_the_top():
    allowed = ("semtool.errors", "semtool.cli", "typer", "dotenv")
    wrong = [
        f"{name(path)}:{line}: {module}"
        for path in (ROOT / "semtool/cli").glob("*.py")
        for module, line in imports(path, top_only=True)
        if module.partition(".")[0] not in sys.stdlib_module_names
        and not any(within(module, package) for package in allowed)
        and module != "semtool"
    ]
    assert not wrong


def test_modules_say_what_they_export():
    def silent(body):
        assigned = (n for n in body if isinstance(n, ast.Assign | ast.AnnAssign))
        return "__all__" not in {target.id for n in assigned for target in _targets(n)}

    bodies = {name(path): parsed(path).body for path in FILES}
    code = {file: body for file, body in bodies.items() if any(not isinstance(n, ast.Expr) for n in body)}
    assert not [file for file, body in code.items() if silent(body)]


def test_a_lazy_door_exports_nothing_that_has_a_modules_name():
    """Whoever imports that module binds its name in the package, and the export is gone."""
    doors = [path for path in FILES if "import door" in path.read_text(encoding="utf-8")]
    assert len(doors) > 5
    for path in doors:
        given = {
            alias.asname or alias.name
            for block in parsed(path).body
            if isinstance(block, ast.If)
            for line in block.body
            for alias in line.names
        }
        assert not {p.stem for p in path.parent.iterdir()} & given, name(path)


def _targets(node):
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [target for target in targets if isinstance(target, ast.Name)]


PATHS = re.compile(r"""["'\s(=](/(?:home|root|work|Users|tmp|mnt|opt|data|srv|var)/[\w./-]+|[A-Z]:\\\\\w+)""")


def shipped():
    for folder in (*PACKAGES, "prompts", "examples", "docs", "benchmarks"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".yaml", ".yml", ".md", ".j2", ".jinja", ".toml", ".html", ".json"):
                yield path
    yield from (path for path in (ROOT / "README.md", ROOT / "pyproject.toml") if path.is_file())


def test_no_file_names_a_place_on_somebodys_machine():
    found = [
        f"{name(path)}: {match[1]}"
        for path in shipped()
        for match in PATHS.finditer(path.read_text(encoding="utf-8"))
        if match[1] != "/dev/full"
    ]
    assert not found


def test_the_search_for_paths_finds_them():
    assert PATHS.search('open("/home/somebody/data.npy")')
    assert not PATHS.search("text/plain, https://example.org/tmp/x, ntu60/multi")


def loaded_by(*arguments, tmp_path):
    """Return the heavy modules that a command loads, in a process of its own, and its exit code."""
    script = (
        "import sys\n"
        "from semtool.cli import main\n"
        "code = 0\n"
        "try:\n    main(sys.argv[1:])\n"
        "except SystemExit as stop:\n    code = stop.code or 0\n"
        f"print('LOADED', code, sorted(set({sorted(HEAVY)!r}) & set(sys.modules)))\n"
    )
    out = subprocess.check_output([sys.executable, "-c", script, *arguments], text=True, cwd=tmp_path)
    return out.rpartition("LOADED ")[2].strip()


def test_help_loads_nothing_heavy(tmp_path):
    assert loaded_by("--help", tmp_path=tmp_path) == "0 []"


@pytest.mark.parametrize("arguments", [("artifacts", "list"), ("push", "--help"), ("embed", "--help")])
def test_small_commands_load_no_model_library(arguments, tmp_path):
    # typer itself reads the arguments of a command through pydantic.
    assert loaded_by(*arguments, tmp_path=tmp_path) == "0 ['pydantic']"
