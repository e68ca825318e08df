"""Templates that users bring: nothing but text comes out, and it comes out soon."""

import resource
import subprocess
import sys

import pytest

from semtool.errors import SemtoolError
from semtool.generation import PromptSet, load_prompt_set, template_process
from semtool.generation.template_process import MEGABYTES, SandboxedTemplates
from semtool.generation.templates import MissingFieldError, Templates

DATA = {"name": "wave", "facts": {"noun": "a wave"}, "words": ["a", "b"]}


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(template_process, "SECONDS", 0.5)


def render(source, templates=SandboxedTemplates, **more):
    return templates({"t.j2": source, **more}, "mine").render("t.j2", DATA, "class 'wave'")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ name|upper }} {{ facts.noun|sentence }}", "WAVE A wave."),
        ("{% for w in words %}{{ loop.index }}{{ w }}{% endfor %}", "1a2b"),
        ("{{ 7 % 4 }}{{ 3 * 4 }}{{ name[:2] }}", "312wa"),
        ("{% if gone is defined %}x{% else %}y{% endif %}{{ gone|default('z') }}", "yz"),
        ("{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m(name) }}", "<wave>"),
        ("{% set ns = words %}{{ ns|join('-') }}", "a-b"),
        (
            "{{ 'The hand rises. The hand stops. A foot moves.'|fuse }}",
            "The hand rises and stops. A foot moves.",
        ),
        ("{{ words|only(['b', 'c'])|join }}{{ 'Abc'|lower_first }}{{ 'abc'|upper_first }}", "babcAbc"),
        ("{% include 'u.j2' %}", "from u"),
    ],
)
def test_what_templates_can_do(source, text):
    assert render(source, **{"u.j2": "from u"}) == text
    assert render(source, Templates, **{"u.j2": "from u"}) == text


@pytest.mark.parametrize(
    "source",
    [
        "{{ gone }}", "{{ gone.deep }}", "{{ gone|join }}", "{% for x in gone %}{% endfor %}",
        "{{ gone ~ 'x' }}",
        "{{ gone == 1 }}", "{{ 'a' in gone }}", "{{ gone[0] }}", "{{ gone() }}", "{% if gone %}{% endif %}",
        "{{ gone + 1 }}", "{{ gone|length }}", "{{ open('/etc/passwd') }}".replace("open", "gone"),
    ],
)  # fmt: skip
def test_a_missing_field_is_named_with_template_line_and_class(source):
    with pytest.raises(MissingFieldError) as caught:
        render("one\n" + source)
    assert caught.value.field == "gone"
    assert str(caught.value) == "mine/t.j2, line 2: class 'wave' has no 'gone'"


def test_a_missing_key_is_named():
    with pytest.raises(MissingFieldError, match=r"line 1: class 'wave' has no 'verb'"):
        render("{{ facts.verb }}")


@pytest.mark.parametrize(
    "source",
    [
        "{% for i in range(1000000000) %}{% endfor %}",
        "{% for i in range(9000) %}{% for j in range(9000) %}{% endfor %}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m(n) %}{{ m(n) }}{{ m(n) }}{% endmacro %}{{ m(1) }}",
        "{% for x in words recursive %}{{ loop(words) }}{% endfor %}",
        "{% set n = [1] %}{% for x in range(99999) %}{% for y in range(99999) %}{% endfor %}{% endfor %}",
        "{{ range(99999)|slice(999999999)|list|length }}",
        "{{ (range(99999)|list * 9999)|sort|length }}",
        "{{ 'a'|replace('', 'b' * 10000000)|replace('b', 'c' * 1000)|length }}",
        "{% set x = [range(99999)|list] * 9999 %}{{ x|string|length }}",
        "{% include 't.j2' %}",
        "{{ 'a' * 1000000000 }}",
        "{{ [1] * 1000000000 }}",
        "{{ 9 ** 9999999 }}",
        "{{ '%1000000000d' % 3 }}",
        "{{ '{:>1000000000}'.format(1) }}",
        "{{ 'a'.center(1000000000)|length }}",
        "{% set x = 'aaaaaaaaaa' %}" + "{% set x = x ~ x ~ x ~ x ~ x ~ x ~ x ~ x %}" * 12 + "{{ x|length }}",
        "{% set x %}aaaaaaaaaa{% endset %}"
        + ("{% set x %}" + "{{ x }}" * 9 + "{% endset %}") * 12
        + "{{ x }}",
        "{% for i in range(900) %}" + "x" * 1000 + "{% endfor %}",
        "{{ ''.__class__ }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ self.__init__.__globals__ }}",
        "{{ facts.update({'noun': 1}) }}",
        "{{ words.append(1) }}",
        "{{ facts|attr('__class__') }}",
        "{{ lipsum() }}".replace("lipsum()", "words.__len__()"),
        "{% include '/etc/passwd' %}",
        "{% include '../secret' %}",
        "{% import 'os' as os %}",
        "{% extends 'base.j2' %}",
        "{{ words|map('upper')|list }}",
        "{% if %}",
        "{{ 1 / 0 }}",
        "{{ unclosed ",
    ],
)
def test_what_templates_cannot_do_fails_with_file_and_line(source):
    with pytest.raises(SemtoolError) as caught:
        render("one\n" + source)
    # What no signal interrupts ends with the process, which knows the file only.
    assert str(caught.value).startswith(("mine/t.j2, line 2: ", "mine/t.j2: rendering it was stopped"))


def test_doubling_in_nested_scopes_is_stopped():
    source = (
        "{% with x = 'aaaaaaaaaa' %}"
        + "{% with x = x ~ x ~ x ~ x ~ x ~ x %}" * 12
        + "{{ x|length }}"
        + "{% endwith %}" * 13
    )
    with pytest.raises(SemtoolError, match=r"mine/t\.j2, line 1: the template takes too much memory"):
        render(source)


def test_an_error_inside_an_included_template_names_that_template():
    with pytest.raises(MissingFieldError, match=r"mine/u\.j2, line 3: class 'wave' has no 'gone'"):
        render("{% include 'u.j2' %}", **{"u.j2": "a\nb\n{{ gone }}"})


def test_every_rendering_has_its_own_budget():
    templates = SandboxedTemplates({"t.j2": "{% for i in range(90000) %}{% endfor %}ok"}, "mine")
    assert [templates.render("t.j2", {}) for _ in range(5)] == ["ok"] * 5


def test_a_process_that_was_brought_down_is_started_again():
    templates = SandboxedTemplates({"bad.j2": "{{ 'a' * 10**9 }}", "good.j2": "x"}, "mine")
    assert templates.render("good.j2", {}) == "x"
    templates._child.kill()
    with pytest.raises(SemtoolError, match="mine/bad"):
        templates.render("bad.j2", {})
    assert templates.render("good.j2", {}) == "x"
    child = templates._child
    del templates
    assert child.poll() is not None


def test_the_process_knows_no_key_and_nothing_of_the_working_folder(tmp_path):
    """A module that lies where the user stands must not run; nor may a template's process read the key."""
    for name in ("json", "jinja2", "yaml"):
        (tmp_path / f"{name}.py").write_text("open('ran', 'w')")
    (tmp_path / "t.j2").write_text("{{ name }}")
    (tmp_path / "prompt.yaml").write_text(
        "name: t\nsource: template\ntitle: t\ngranularities: {label: {template: t.j2}}\n"
    )
    code = (
        "import sys; sys.path = [p for p in sys.path if p]\n"
        "import os; os.environ['OPENAI_API_KEY'] = 'sk-secret'\n"
        "from semtool.generation import PromptSet, load_prompt_set\n"
        "found = load_prompt_set('./')\n"
        "print(found.render('t.j2', {'name': 'wave'}))\n"
        "child = found.templates._child\n"
        "print(open(f'/proc/{child.pid}/environ').read() if sys.platform == 'linux' else '')\n"
    )
    said = subprocess.check_output([sys.executable, "-c", code], cwd=tmp_path, text=True)
    assert said.startswith("wave\n")
    assert "sk-secret" not in said
    assert not (tmp_path / "ran").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on memory there")
def test_the_limits_hold_for_the_process():
    templates = SandboxedTemplates({"t.j2": "x"}, "mine")
    templates.render("t.j2", {})
    soft, hard = resource.prlimit(templates._child.pid, resource.RLIMIT_AS)
    assert soft == hard == MEGABYTES << 20


def test_sets_that_semtool_carries_need_no_process_and_changed_copies_do(tmp_path):
    carried = load_prompt_set("multi")
    assert isinstance(carried.templates, Templates)
    changed = PromptSet.model_validate(
        carried.model_dump(by_alias=True) | {"files": carried.files | {"label.j2": "{{ name }}"}}
    )
    assert isinstance(changed.templates, SandboxedTemplates)
