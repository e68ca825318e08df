"""The commands datasets, prompts and generate: output, --json, exit codes."""

import pytest

MINE = "name: mine\nclasses: [wave, kick]\n"


def test_datasets_list(cli):
    assert "utd-mhad" in cli("datasets", "list").out
    found = cli("datasets", "list", "--json").json()["datasets"]
    assert {d["name"]: d["classes"] for d in found}["pku-mmd"] == 51


def test_datasets_show(cli):
    text = cli("datasets", "show", "ntu60").out
    for part in ("synse-55-5", "licence:", "to obtain:", "cross-subject", "hand waving", "kinect-v2"):
        assert part in text
    shown = cli("datasets", "show", "ntu60", "--json").json()
    assert len(shown["classes"]) == 60
    assert shown["splits"]["synse-55-5"]["unseen"] == [10, 11, 19, 26, 56]


def test_datasets_show_draws_a_split_by_seed(cli):
    drawn, other = (
        cli("datasets", "show", "utd-mhad", "--split", name, "--json").json()["split"]
        for name in ("draw-5-3", "draw-5-4")
    )
    assert drawn["unseen"] != other["unseen"]
    assert len(drawn["unseen"]) == 5
    assert len(drawn["seen"]) == 22
    assert "unseen" in cli("datasets", "show", "utd-mhad", "--split", "draw-5-0").out


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("datasets", "show", "ntu61"), "ntu60"),
        (("datasets", "show", "ntu60", "--split", "synse-55-6"), "synse-55-5"),
        (("prompts", "show", "mutli"), "multi"),
        (("prompts", "render", "label", "hoping"), "hopping"),
        (("generate", "--dataset", "nwucla"), "nw-ucla"),
        (("generate", "--dataset", "nw-ucla", "--prompts", "lable"), "label"),
        (("generate", "--dataset", "nw-ucla", "--overwrite", "alwais"), "always"),
        (("generate", "--dataset", "missing.yaml"), "missing.yaml"),
    ],
)
def test_wrong_names_exit_2_with_the_nearest(cli, arguments, part):
    result = cli(*arguments)
    assert result.code == 2
    assert part in result.err
    assert result.err.count("\n") == 1
    assert result.out == ""


def test_datasets_check_lists_what_is_missing(cli, tmp_path):
    (tmp_path / "mine.yaml").write_text(MINE)
    result = cli("datasets", "check", "mine.yaml")
    assert result.code == 0
    assert "not given: motion of wave, kick" in result.out
    assert cli("datasets", "check", "ntu120", "--json").json() == {
        "dataset": "ntu120", "classes": 120, "missing": {}, "twins": [],
    }  # fmt: skip


def test_datasets_check_fails_on_twins_and_on_bad_files(cli, tmp_path):
    same = "{wave: {like: ntu120/A023}, kick: {like: ntu120/A023}}"
    (tmp_path / "mine.yaml").write_text(MINE + f"facts: {same}\n")
    result = cli("datasets", "check", "mine.yaml")
    assert result.code == 1
    assert "have the same attributes" in result.out
    (tmp_path / "mine.yaml").write_text(MINE + "colour: red\nsplits: {a: [7]}\n")
    result = cli("datasets", "check", "mine.yaml")
    assert result.code == 2
    assert "colour" in result.err
    assert "classes that do not exist: [7]" in result.err


def test_prompts_list_and_show(cli):
    names = [p["name"] for p in cli("prompts", "list", "--json").json()["prompts"]]
    assert "multi" in names
    assert "multi" in cli("prompts", "list").out
    assert "{{ part[slot] }}" in cli("prompts", "show", "parts-phases").out
    assert set(cli("prompts", "show", "parts-phases", "--json").json()["files"]) == {"part.j2", "phase.j2"}


def test_prompts_render_shows_one_class(cli):
    shown = cli("prompts", "render", "parts-phases", "a6", "--json").json()
    assert shown["class_name"] == "pickup"
    assert [t["slot"] for t in shown["texts"]] == ["head", "arms", "torso", "legs", "start", "middle", "end"]
    assert "arms" in cli("prompts", "render", "parts-phases", "a6").out


def test_prompts_new_check_and_use(cli, tmp_path):
    assert cli("prompts", "new", "mine").code == 0
    assert cli("prompts", "check", "./mine", "--dataset", "nw-ucla").code == 0
    assert (
        cli("generate", "--dataset", "nw-ucla", "--prompts", "./mine", "--json").json()["prompts"] == "mine"
    )
    manifest = tmp_path / "mine" / "prompt.yaml"
    manifest.write_text(manifest.read_text().replace("max_words: 40", "forbid_label: true"))
    (tmp_path / "mine" / "part.j2").write_text("{{ label.gerund }}\n")
    result = cli("prompts", "check", "./mine", "--dataset", "nw-ucla")
    assert result.code == 1
    assert "names the action" in result.out
    found = cli("prompts", "check", "./mine", "--dataset", "nw-ucla", "--json").json()
    assert not found["ok"]
    assert {f["rule"] for f in found["findings"]} == {"label"}


def test_prompts_check_names_file_and_line(cli, tmp_path):
    cli("prompts", "new", "mine")
    (tmp_path / "mine" / "part.j2").write_text("fine\n{% for i in range(10) %}{{ gone }}{% endfor %}\n")
    result = cli("prompts", "check", "./mine")
    assert result.code == 1
    assert "mine/part.j2, line 2" in result.out


def test_generate_prints_json_and_nothing_else(cli):
    made = cli("generate", "--dataset", "nw-ucla", "--json")
    assert made.code == 0
    assert made.json()["counts"]["motion"] == 10
    assert made.json()["reference"] == "nw-ucla/multi@v1"
    again = cli("generate", "--dataset", "nw-ucla", "--json").json()
    assert (again["created"], again["new"]) == (False, 0)


def test_generate_says_what_it_did(cli, tmp_path):
    plan = cli("generate", "--dataset", "nw-ucla", "--prompts", "parts-phases", "--dry-run")
    assert "nothing written" in plan.out
    assert not (tmp_path / "artifacts").exists()
    made = cli("generate", "--dataset", "nw-ucla", "--prompts", "parts-phases")
    assert "nw-ucla/parts-phases@v1 written: 70 new" in made.out
    assert "semtool embed" in made.err
    assert "up to date" in cli("generate", "--dataset", "nw-ucla", "--prompts", "parts-phases").out


def test_generate_for_a_users_file(cli, tmp_path):
    (tmp_path / "mine.yaml").write_text(MINE)
    assert cli("generate", "--dataset", "mine.yaml", "--prompts", "label", "--json").json()["classes"] == 2
    result = cli("generate", "--dataset", "mine.yaml")
    assert result.code == 2
    assert "missing in 'wave', 'kick'" in result.err


@pytest.mark.parametrize("command", [("datasets", "list"), ("prompts", "check"), ("generate",)])
def test_help_has_an_example(cli, command):
    assert "Example: semtool" in cli(*command, "--help").out
