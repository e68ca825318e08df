"""Prompt sets: found by name or path, checked when loaded, hashed whole."""

import os

import pytest

from semtool.errors import SemtoolError, UsageError
from semtool.generation import load_prompt_set, prompt_set_names
from semtool.generation.prompt_set import scaffold

MANIFEST = """\
schema: 1
name: mine
source: template
title: mine
granularities:
  global: {template: global.j2}
  part: {template: part.j2, slots: [arms]}
"""


def make(folder, manifest=MANIFEST, **templates):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "prompt.yaml").write_text(manifest, encoding="utf-8")
    for name, text in ({"global": "{{ name }}", "part": "{{ slot }}"} | templates).items():
        (folder / f"{name}.j2").write_text(text, encoding="utf-8")
    return folder


def test_the_promised_sets_are_there_and_documented():
    promised = {"label", "clip-ensemble", "global", "motion", "parts-phases", "attributes", "multi"}
    assert promised <= set(prompt_set_names())
    for name in promised:
        prompt_set = load_prompt_set(name)
        assert prompt_set.name == name
        assert prompt_set.source == "template"
        assert len(prompt_set.about) > 80
        assert prompt_set.suits


def test_slots_are_the_granularitys_unless_narrowed(tmp_path):
    prompt_set = load_prompt_set(make(tmp_path / "mine"))
    assert prompt_set.slots("global") == ("",)
    assert prompt_set.slots("part") == ("arms",)
    assert load_prompt_set("parts-phases").slots("phase") == ("start", "middle", "end")
    assert load_prompt_set("attributes").slots("attribute")[-1] == "codes"


def test_the_checksum_covers_manifest_and_templates_and_no_path(tmp_path):
    first = load_prompt_set(make(tmp_path / "a" / "mine"))
    same = load_prompt_set(make(tmp_path / "b" / "mine"))
    template = load_prompt_set(make(tmp_path / "c" / "mine", **{"global": "a {{ name }}"}))
    manifest = load_prompt_set(make(tmp_path / "d" / "mine", MANIFEST.replace("title: mine", "title: ours")))
    assert first.sha256 == same.sha256
    assert len({first.sha256, template.sha256, manifest.sha256}) == 3


def test_unknown_names_get_the_nearest():
    with pytest.raises(UsageError, match="'multi'"):
        load_prompt_set("mutli")
    with pytest.raises(UsageError, match="it has no prompt"):
        load_prompt_set("./nowhere")


def test_a_users_folder_is_found_by_its_bare_name_too(tmp_path):
    make(tmp_path / "mine")
    assert load_prompt_set("mine").name == "mine"


def test_all_problems_of_a_manifest_are_listed_at_once(tmp_path):
    text = MANIFEST.replace("slots: [arms]", "slots: [ears], max_words: 0").replace(
        "title: mine", "colour: red"
    )
    text += "  essay: {template: essay.j2}\n"
    with pytest.raises(UsageError) as caught:
        load_prompt_set(make(tmp_path / "mine", text))
    for part in ("title: Field required", "colour: Extra inputs", "granularities.part.max_words"):
        assert part in str(caught.value)
    text = MANIFEST.replace("slots: [arms]", "slots: [ears]") + "  essay: {template: essay.j2}\n  phase: {}\n"
    with pytest.raises(UsageError) as caught:
        load_prompt_set(make(tmp_path / "mine", text))
    for part in (
        "part has no slot 'ears'",
        "unknown granularity 'essay'",
        "no file 'essay.j2'",
        "phase.template is",
    ):
        assert part in str(caught.value)


def test_a_template_that_does_not_parse_is_named_when_loaded(tmp_path):
    with pytest.raises(SemtoolError, match=r"mine/part\.j2, line 2: "):
        load_prompt_set(make(tmp_path / "mine", part="ok\n{% for %}"))


def test_codes_are_no_slot_of_a_set_that_asks_a_model(tmp_path):
    text = MANIFEST.replace("source: template", "source: llm\nsystem: global.j2\nrequest: part.j2")
    text += "  attribute: {slots: [codes]}\n"
    with pytest.raises(UsageError, match="attribute has no slot 'codes'"):
        load_prompt_set(make(tmp_path / "mine", text))


def test_a_model_set_needs_its_two_templates(tmp_path):
    with pytest.raises(UsageError, match="system is missing; request is missing"):
        load_prompt_set(make(tmp_path / "mine", MANIFEST.replace("source: template", "source: llm")))


def test_a_scaffold_loads_and_so_does_a_copy(tmp_path):
    scaffold(tmp_path / "fresh")
    assert load_prompt_set(tmp_path / "fresh").name == "fresh"
    scaffold(tmp_path / "copy", "multi")
    copy, multi = load_prompt_set(tmp_path / "copy"), load_prompt_set("multi")
    assert copy.name == "copy"
    assert copy.files == multi.files
    with pytest.raises(UsageError, match="is there already"):
        scaffold(tmp_path / "copy")
    with pytest.raises(UsageError, match="cannot be the name"):
        scaffold(tmp_path / "no name")


@pytest.mark.parametrize("file", ["global.j2", "prompt.yaml"])
@pytest.mark.parametrize("way", ["link", "chain", "relative", "folder"])
def test_links_out_of_the_folder_are_refused(tmp_path, file, way):
    """A link would put any file's text into descriptions that are passed on."""
    folder = make(tmp_path / "mine")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    secret = elsewhere / file
    secret.write_text((folder / file).read_text())
    (folder / file).unlink()
    if way == "chain":
        (folder / "inner").symlink_to(secret)
        (folder / file).symlink_to("inner")
    elif way == "folder":
        (folder / "sub").symlink_to(elsewhere)
        (folder / file).symlink_to(f"sub/{file}")
    else:
        (folder / file).symlink_to(secret if way == "link" else f"../elsewhere/{file}")
    with pytest.raises(UsageError, match=f"mine/{file} is a link out of the prompt set's folder"):
        load_prompt_set(folder)


def test_links_inside_the_folder_are_followed(tmp_path):
    folder = make(tmp_path / "mine")
    (folder / "other.j2").symlink_to("global.j2")
    (tmp_path / "alias").symlink_to(folder)
    assert load_prompt_set(tmp_path / "alias").files["other.j2"] == "{{ name }}"


@pytest.mark.parametrize("what", ["pipe", "folder", "device", "loop", "dangling", "large", "bytes"])
def test_what_is_no_template_is_refused_at_once(tmp_path, what):
    folder = make(tmp_path / "mine")
    path = folder / "x.j2"
    if what == "pipe":
        os.mkfifo(path)
    elif what == "folder":
        path.mkdir()
    elif what == "large":
        path.write_bytes(b"x" * (1 << 21))
    elif what == "bytes":
        path.write_bytes(b"\xff\xfe\x00")
    else:
        path.symlink_to({"device": "/dev/zero", "loop": "x.j2", "dangling": "gone.j2"}[what])
    with pytest.raises(SemtoolError, match=r"mine/x\.j2"):
        load_prompt_set(folder)


def test_a_mark_at_the_beginning_of_a_template_is_no_text(tmp_path):
    folder = make(tmp_path / "mine")
    (folder / "global.j2").write_bytes(b"\xef\xbb\xbf{{ name }}")
    assert load_prompt_set(folder).files["global.j2"] == "{{ name }}"
