"""`generate`: content-addressed, with a plan, and one sentence when facts are missing."""

import pytest

from semtool.artifacts import Store
from semtool.catalogue import load_bank, load_dataset
from semtool.descriptions import DescriptionSet
from semtool.errors import SemtoolError, UsageError
from semtool.generation import generate, load_prompt_set
from semtool.generation.checks import check_prompt_set, leaks

MINE = "name: mine\nclasses: [wave, kick]\n"


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "artifacts")


@pytest.fixture
def mine(tmp_path):
    (tmp_path / "mine.yaml").write_text(MINE, encoding="utf-8")
    return tmp_path / "mine.yaml"


def make_set(tmp_path, text, options=""):
    folder = tmp_path / "own"
    folder.mkdir(exist_ok=True)
    (folder / "prompt.yaml").write_text(
        "schema: 1\nname: own\nsource: template\ntitle: own\n"
        f"granularities: {{global: {{template: global.j2{options}}}}}\n",
        encoding="utf-8",
    )
    (folder / "global.j2").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("prompts", "encoder"), [("attributes", "attributes"), ("words", "kinetic"), ("multi", "minilm")]
)
def test_the_encoder_that_is_proposed_reads_the_texts(store, prompts, encoder):
    assert generate("nw-ucla", prompts, store=store).encoder == encoder


def test_the_same_inputs_give_the_same_version(store):
    first = generate("nw-ucla", "global", store=store)
    again = generate("nw-ucla", "global", store=store)
    assert (first.created, first.new, first.reused) == (True, 30, 0)
    assert (again.created, again.new, again.reused) == (False, 0, 30)
    assert again.artifact.reference == first.artifact.reference == "nw-ucla/global@v1"
    assert first.artifact.verify().manifest.inputs["prompts"].sha256 == load_prompt_set("global").sha256


def test_a_changed_template_gives_the_next_version_and_says_what_is_new(store, tmp_path, mine):
    generate(mine, make_set(tmp_path, "{{ name }}\na {{ name }}"), store=store)
    changed = generate(mine, make_set(tmp_path, "{{ name }}\nsome {{ name }}"), store=store)
    assert changed.artifact.reference == "mine/own@v2"
    assert (changed.new, changed.reused) == (2, 2)


def test_overwrite_policies(store, tmp_path, mine):
    generate(mine, make_set(tmp_path, "{{ name }}"), store=store)
    folder = make_set(tmp_path, "a {{ name }}")
    kept = generate(mine, folder, store=store, overwrite="never")
    assert (kept.artifact.version, kept.created) == (1, False)
    made = generate(mine, folder, store=store, overwrite="always")
    assert (made.artifact.version, made.created) == (2, True)
    again = generate(mine, folder, store=store, overwrite="always")
    assert (again.artifact.version, again.created, again.new) == (2, False, 0)


def test_a_dry_run_counts_and_writes_nothing(store, tmp_path):
    plan = generate("utd-mhad", "parts-phases", store=store, dry_run=True)
    assert plan.counts == {"part": 108, "phase": 81}
    assert (plan.artifact, plan.created, plan.new) == (None, False, 189)
    assert not (tmp_path / "artifacts").exists()


def test_the_bytes_do_not_depend_on_the_run(tmp_path):
    files = []
    for root in ("a", "b"):
        result = generate("nw-ucla", "multi", store=Store(tmp_path / root))
        files.append((result.artifact.path / "descriptions.jsonl").read_bytes())
    assert files[0] == files[1]


def test_class_names_alone_do_for_label_and_clip_ensemble(store, mine):
    label = generate(mine, "label", store=store)
    assert [d.text for d in DescriptionSet.read(label.artifact.path)] == ["wave", "kick"]
    assert generate(mine, "clip-ensemble", store=store).counts == {"label": 24}


def test_missing_facts_are_named_in_one_sentence(store, mine):
    with pytest.raises(UsageError) as caught:
        generate(mine, "parts-phases", store=store)
    message = str(caught.value)
    assert "'part' (parts-phases/part.j2, line 1): missing in 'wave', 'kick'" in message
    assert "\n" not in message


def test_facts_of_some_classes_only(store, mine):
    mine.write_text(MINE + "facts: {wave: {like: ntu120/A023}}\n", encoding="utf-8")
    with pytest.raises(UsageError, match="missing in 'kick';"):
        generate(mine, "motion", store=store)


def test_a_broken_template_names_file_and_line(store, tmp_path, mine):
    with pytest.raises(SemtoolError, match=r"own/global\.j2, line 2: "):
        generate(mine, make_set(tmp_path, "a\n{{ ''.__class__ }}"), store=store)


def test_a_set_that_says_nothing_is_refused(store, tmp_path, mine):
    with pytest.raises(SemtoolError, match="says nothing about class 'wave' of mine"):
        generate(mine, make_set(tmp_path, "\n  \n"), store=store)


def test_a_line_said_twice_is_kept_once(store, tmp_path, mine):
    result = generate(mine, make_set(tmp_path, "{{ name }}\n\n{{ name }}\n  b   c \n"), store=store)
    texts = [(d.variant, d.text) for d in DescriptionSet.read(result.artifact.path) if d.class_id == 0]
    assert texts == [(0, "wave"), (1, "b c")]


@pytest.mark.parametrize(
    ("text", "options", "rule", "severity"),
    [
        ("someone moves", "", "duplicate", "warning"),
        ("someone moves", "", "twins", "error"),
        ("{{ name }}", ", forbid_label: true", "label", "error"),
        ("one two three {{ name }}", ", max_words: 3", "words", "error"),
        ("{{ name }} " + "incomprehensibilities " * 40, "", "length", "warning"),
        ("{{ name }}\n{% if name == 'wave' %}more{% endif %}", "", "uneven", "warning"),
        ("{{ motion }}", "", "render", "error"),
    ],
)
def test_lint_rules(tmp_path, mine, text, options, rule, severity):
    found = check_prompt_set(load_prompt_set(make_set(tmp_path, text, options)), load_dataset(mine), {})
    assert (rule, severity) in {(f.rule, f.severity) for f in found}


def test_an_encoders_own_count_is_used(tmp_path, mine):
    prompt_set, dataset = load_prompt_set(make_set(tmp_path, "{{ name }}")), load_dataset(mine)
    found = check_prompt_set(
        prompt_set, dataset, {}, max_tokens=5, count_tokens=lambda texts: [6 for _ in texts]
    )
    assert [f.rule for f in found] == ["length", "length"]
    assert check_prompt_set(prompt_set, dataset, {}, count_tokens=lambda texts: None) == []


def test_labels_leak_as_whole_words_only():
    dataset = load_dataset("ntu60")
    bank = load_bank(dataset)
    throw = dataset.find_class("throw").id
    assert leaks("She will throw it.", throw, dataset, bank) == "throw"
    assert leaks("An overthrown king.", throw, dataset, bank) == ""


def test_without_a_store_it_is_that_of_the_working_folder(tmp_path, monkeypatch):
    import semtool

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SEMTOOL_ROOT", raising=False)
    assert semtool.generate("nw-ucla", "label").artifact.path.is_relative_to("artifacts")


def test_an_unknown_policy_gets_the_nearest(store):
    with pytest.raises(UsageError, match="'never'"):
        generate("nw-ucla", "label", store=store, overwrite="nevr")


@pytest.mark.parametrize(
    ("prompts", "encoder"),
    [("attributes", "attributes"), ("multi", "minilm"), ("label", "minilm")],
)
def test_the_next_step_names_an_encoder_that_reads_the_texts(store, cli, prompts, encoder):
    done = cli("generate", "--dataset", "nw-ucla", "--prompts", prompts, "--root", store.root)
    assert f"next: semtool embed --encoder {encoder} --descriptions nw-ucla/{prompts}@v1" in done.err
