"""The example that compares prompt sets, on few simulated people."""

import importlib.util
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "compare_prompt_sets.py"


@pytest.fixture
def example(monkeypatch):
    monkeypatch.delenv("SEMTOOL_DATA", raising=False)
    spec = importlib.util.spec_from_file_location("compare_prompt_sets", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_example_compares_three_texts(example, capsys, tmp_path):
    example.main(
        ["--people", "2", "--visual-epochs", "1", "--epochs", "1", "--max-k", "1", "--seeds", "2",
         "--encoders", "tfidf", "--root", str(tmp_path / "artifacts")]
    )  # fmt: skip
    printed = capsys.readouterr()
    for text in ("| label | tfidf |", "| parts-phases | tfidf |", "| multi | tfidf |", "SIMULATED"):
        assert text in printed.out
    assert printed.out.count("\n- ") >= 3
    assert (tmp_path / "artifacts" / "comparisons" / "prompt-sets" / "comparison.json").is_file()
    assert "simulating NTU-60: 2 people" in printed.err
