"""A new prompt set to start from."""

from __future__ import annotations

import re
from pathlib import Path

from semtool.errors import SemtoolError, UsageError
from semtool.generation.prompt_set import FILE, find_prompt_set, load_prompt_set

__all__ = ["scaffold"]

_MANIFEST = """\
schema: 1
name: {name}
source: template
title: one line that lists show
about: >-
  What this set is for.
suits: which encoders it suits
granularities:
  # label, global, motion, part, phase and attribute are possible; each has a template.
  # part and phase are rendered for every slot (head, arms, torso, legs; start, middle, end).
  global: {{template: global.j2, max_words: 60}}
  # With forbid_label: true, `semtool prompts check` refuses texts that name the action.
  part: {{template: part.j2, slots: [arms, legs], max_words: 40}}
"""
_GLOBAL = """\
{# Every non-empty line is one text. What a template may say of a class:
   name, code, aliases, synonyms, label.noun, label.gerund, label.third, global (three sentences), motion,
   part.head|arms|torso|legs, phase.start|middle|end, attribute.<field>, says.<field> (its sentence),
   told (fields that are not at rest), codes. Not all is known of every data set: a missing field is an error.
   Filters besides Jinja's: sentence, upper_first, lower_first, fuse, only. #}
A person {{ label.gerund }}.
{{ global[1] }}
"""
_PART = """\
{# slot is the body part. #}
{{ part[slot] }}
"""


def scaffold(folder: Path, source: str | None = None) -> list[str]:
    """Make ``folder`` a prompt set: a copy of the set ``source``, or a small commented one.

    Returns:
        The names of the files.

    Raises:
        UsageError: if the folder exists or its name cannot be a prompt set's name.
    """
    name = folder.name
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise UsageError(
            f"{name!r} cannot be the name of a prompt set: use letters, digits, '.', '_' and '-'"
        )
    if folder.exists():
        raise UsageError(f"{folder} is there already; choose another folder or remove it")
    if source is None:
        files = {FILE: _MANIFEST.format(name=name), "global.j2": _GLOBAL, "part.j2": _PART}
    else:
        origin = load_prompt_set(source)
        manifest = (find_prompt_set(source) / FILE).read_text(encoding="utf-8")
        renamed = re.sub(r"(?m)^name:.*$", f"name: {name}", manifest, count=1)
        files = {FILE: renamed, **origin.files}
    try:
        folder.mkdir(parents=True)
        for file, text in files.items():
            (folder / file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise SemtoolError(f"cannot make {folder}: {error.strerror}") from error
    return list(files)
