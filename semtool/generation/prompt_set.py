"""A prompt set: a folder with ``prompt.yaml`` and Jinja templates that say what is written about a class."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from semtool.artifacts import Input
from semtool.catalogue import load_vocabulary, read_yaml
from semtool.descriptions import CODES, GRANULARITIES, SLOTS
from semtool.disk import digest, read_plain
from semtool.errors import SemtoolError, UsageError, unknown_name
from semtool.generation.template_process import SandboxedTemplates
from semtool.generation.templates import Templates
from semtool.record import Record, faults

__all__ = [
    "FILE", "GranularitySpec", "PromptSet", "find_prompt_set", "load_prompt_set", "prompt_folder",
    "prompt_set_names", "scaffold",
]  # fmt: skip

FILE = "prompt.yaml"
MAX_BYTES = 1 << 20
"""Largest file of a prompt set."""


class GranularitySpec(Record):
    """What a prompt set says at one granularity.

    Attributes:
        template: file name of the template (source ``template``); rendered once a class and slot, every
            non-empty line is one text.
        prefixed: the template is rendered once a class, and every line begins with its slot and ``|``; for
            templates that choose among the texts of all slots.
        slots: for ``part`` and ``phase`` any of `SLOTS` (all, if left out); for ``attribute`` fields of the
            vocabulary and ``codes`` (all); the other granularities have none.
        variants: how many texts a class and slot the model is asked for (source ``llm``).
        ask: what the model is asked to write (source ``llm``); the request template may use it.
        max_words: longest text, in words; `semtool prompts check` and a model's answers are held to it.
        forbid_label: whether a text must not contain the class name.
    """

    template: str = ""
    prefixed: bool = False
    slots: tuple[str, ...] = ()
    variants: int = Field(default=1, ge=1, le=100)
    ask: str = ""
    max_words: int = Field(default=60, ge=1)
    forbid_label: bool = False


class PromptSet(Record):
    """The manifest of a prompt set together with its templates.

    Attributes:
        source: ``template`` (rendered from the catalogue's facts) or ``llm`` (rendered into a request).
        title: one line for listings.
        about: what the set is for.
        suits: which encoders it suits.
        system, request: template file names of an ``llm`` set.
        files: every template's source text, by file name.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    source: Literal["template", "llm"]
    title: str = Field(min_length=1)
    about: str = ""
    suits: str = ""
    system: str = ""
    request: str = ""
    granularities: dict[str, GranularitySpec] = Field(min_length=1)
    files: dict[str, str] = Field(default_factory=dict, repr=False)

    @model_validator(mode="after")
    def _consistent(self) -> PromptSet:
        problems = []
        for granularity, spec in self.granularities.items():
            if granularity not in GRANULARITIES:
                problems.append(f"unknown granularity {granularity!r} (known: {', '.join(GRANULARITIES)})")
                continue
            allowed = _allowed_slots(granularity, self.source)
            problems += [f"{granularity} has no slot {s!r}" for s in spec.slots if s not in allowed]
        for where, file in self._used().items():
            if not file:
                problems.append(f"{where} is missing")
            elif file not in self.files:
                problems.append(f"{where}: there is no file {file!r}")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _used(self) -> dict[str, str]:
        if self.source == "llm":
            return {"system": self.system, "request": self.request}
        return {f"granularities.{g}.template": s.template for g, s in self.granularities.items()}

    @cached_property
    def sha256(self) -> str:
        """Checksum of everything that the set says: manifest and templates."""
        return digest(self.model_dump(mode="json"))

    def as_input(self) -> Input:
        """Return the set as a manifest names it."""
        return Input(reference=f"prompts/{self.name}", sha256=self.sha256)

    @cached_property
    def templates(self) -> Templates | SandboxedTemplates:
        """The set's templates; unless every one is semtool's own, they are rendered in a guarded process."""
        return (Templates if set(self.files.items()) <= _carried() else SandboxedTemplates)(
            self.files, self.name
        )

    def slots(self, granularity: str) -> tuple[str, ...]:
        """Return the slots of ``granularity`` in this set; ``("",)`` if it has none."""
        return self.granularities[granularity].slots or _allowed_slots(granularity, self.source) or ("",)

    def render(self, template: str, variables: Mapping[str, Any], *, subject: str = "") -> str:
        """Return the text of one template; see `Templates.render` for the errors.

        Args:
            template: file name of the template.
            variables: plain data, by the names that the template uses.
            subject: whom the text is about, for messages.
        """
        return self.templates.render(template, variables, subject)


def _allowed_slots(granularity: str, source: str) -> tuple[str, ...]:
    if granularity == "attribute":
        # A model is asked for the fields; the row of codes is made from its answers.
        return (*load_vocabulary().fields, *((CODES,) if source == "template" else ()))
    return SLOTS.get(granularity, ())


def prompt_folder() -> Path:
    """Return the folder of the prompt sets that semtool carries."""
    package = Path(__file__).parents[1]
    installed = package / "prompts"
    return installed if installed.is_dir() else package.parent / "prompts"


def prompt_set_names() -> list[str]:
    """Return the names of the prompt sets that semtool carries."""
    return sorted(path.parent.name for path in prompt_folder().glob(f"*/{FILE}"))


@cache
def _carried() -> frozenset[tuple[str, str]]:
    """Return name and text of every template that semtool carries."""
    files = prompt_folder().glob("*/*.j2")
    return frozenset((path.name, path.read_text(encoding="utf-8")) for path in files)


def find_prompt_set(name_or_path: str | Path) -> Path:
    """Return the folder of a prompt set: a carried one by name, a user's own by its path (with a ``/``)."""
    text = str(name_or_path)
    if "/" in text or text.startswith("."):
        if not (Path(text) / FILE).is_file():
            raise UsageError(f"{text} is no prompt set: it has no {FILE}; make one with semtool prompts new")
        return Path(text)
    if text in prompt_set_names():
        return prompt_folder() / text
    if (Path(text) / FILE).is_file():
        return Path(text)
    raise unknown_name("prompt set", text, prompt_set_names())


def load_prompt_set(name_or_path: str | Path) -> PromptSet:
    """Return a prompt set: one that semtool carries by name, or a user's folder by path.

    Raises:
        UsageError: if there is none, or its manifest is not valid; all problems are listed.
        SemtoolError: if a template does not parse, with file and line.
    """
    folder = find_prompt_set(name_or_path)
    _refuse_link(folder / FILE)
    raw = read_yaml(folder / FILE)
    where = f"{folder.name}/{FILE}"
    if "files" in raw:
        raise UsageError(f"{where}: unknown key 'files'")
    files = {path.name: _read_template(path) for path in sorted(folder.glob("*.j2"))}
    try:
        prompt_set = PromptSet.model_validate(raw | {"files": files})
    except ValidationError as error:
        raise UsageError(f"{where} is not a valid prompt set: {'; '.join(faults(error, 'set'))}") from error
    for file in prompt_set.files:
        prompt_set.templates.check(file)
    return prompt_set


def _read_template(path: Path) -> str:
    _refuse_link(path)
    try:
        return read_plain(path, MAX_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SemtoolError(f"cannot read {path.parent.name}/{path.name} as UTF-8 text: {error}") from error


def _refuse_link(path: Path) -> None:
    """Refuse what would bring something from elsewhere into a text; semtool's own may be linked."""
    real, folder = (Path(os.path.realpath(p)) for p in (path, path.parent))
    if path.parent.parent != prompt_folder() and real.parent != folder:
        where = f"{path.parent.name}/{path.name}"
        raise UsageError(f"{where} is a link out of the prompt set's folder; put a copy in its place")


COMMENTED = Path(__file__).parent / "new_set"
"""A small set whose comments say what a set may hold."""


def scaffold(folder: Path, source: str | None = None) -> list[str]:
    """Make ``folder`` a prompt set: a copy of the set ``source``, or a small commented one.

    Args:
        folder: a new folder; its name becomes the set's.
        source: name or folder of the set to copy; None: the commented one.

    Returns:
        The names of the files.

    Raises:
        UsageError: if the folder exists or its name cannot be a prompt set's name.
        SemtoolError: if the folder cannot be written.
    """
    name = folder.name
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise UsageError(
            f"{name!r} cannot be the name of a prompt set: use letters, digits, '.', '_' and '-'"
        )
    if folder.exists():
        raise UsageError(f"{folder} is there already; choose another folder or remove it")
    origin = COMMENTED if source is None else find_prompt_set(source)
    templates = load_prompt_set(origin).files
    manifest = re.sub(r"(?m)^name:.*$", f"name: {name}", (origin / FILE).read_text(encoding="utf-8"), count=1)
    try:
        folder.mkdir(parents=True)
        for file, text in {FILE: manifest, **templates}.items():
            (folder / file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise SemtoolError(f"cannot make {folder}: {error.strerror}") from error
    return [FILE, *templates]
