"""Templates that users bring: nothing but text comes out, and it comes out soon."""

import pytest

from semtool.errors import SemtoolError
from semtool.generation.sandbox import MAX_CHARACTERS, MissingFieldError, Templates

DATA = {"name": "wave", "facts": {"noun": "a wave"}, "words": ["a", "b"]}


def render(source, **more):
    return Templates({"t.j2": source, **more}, "mine").render("t.j2", DATA, "class 'wave'")


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
        "{% include 't.j2' %}",
        "{{ 'a' * 1000000000 }}",
        "{{ [1] * 1000000000 }}",
        "{{ 9 ** 9999999 }}",
        "{{ '%1000000000d' % 3 }}",
        "{{ '{:>1000000000}'.format(1) }}",
        "{{ 'a'.center(1000000000) }}",
        "{% set x = 'aaaaaaaaaa' %}" + "{% set x = x ~ x ~ x ~ x ~ x ~ x ~ x ~ x %}" * 12,
        "{% set x %}aaaaaaaaaa{% endset %}" + "{% set x %}" + "{{ x }}" * 10 + "{% endset %}",
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
    if "{{ x }}" in source:
        source += "{% set x %}" + "{{ x }}" * 10 + "{% endset %}"
        source = source.replace("aaaaaaaaaa", "a" * (MAX_CHARACTERS // 50))
    with pytest.raises(SemtoolError) as caught:
        render("one\n" + source)
    assert str(caught.value).startswith("mine/t.j2, line 2: ")


def test_doubling_in_nested_scopes_is_stopped():
    source = (
        "{% with x = 'aaaaaaaaaa' %}" + "{% with x = x ~ x ~ x ~ x ~ x ~ x %}" * 12 + "{% endwith %}" * 13
    )
    with pytest.raises(SemtoolError, match=r"mine/t\.j2, line 1: builds a value of more than"):
        render(source)


def test_an_error_inside_an_included_template_names_that_template():
    with pytest.raises(MissingFieldError, match=r"mine/u\.j2, line 3: class 'wave' has no 'gone'"):
        render("{% include 'u.j2' %}", **{"u.j2": "a\nb\n{{ gone }}"})


def test_every_rendering_has_its_own_budget():
    templates = Templates({"t.j2": "{% for i in range(15000) %}{% endfor %}ok"}, "mine")
    assert [templates.render("t.j2", {}) for _ in range(3)] == ["ok"] * 3
