"""Streams: which there are, and runs whose heads see and read a part of the whole."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import yaml

from semtool.embedding_file import EmbeddingFile
from semtool.errors import SemtoolError, UsageError
from semtool.experiments.grid.settings import settings
from semtool.experiments.report.attention import attention
from skeleton.methods.config import TrainConfig, preset
from skeleton.methods.mla import fitting
from skeleton.methods.mla.streams import Stream, plan_streams
from skeleton.methods.scorers import load_scorer, read_checkpoint
from skeleton.methods.text import TextBank
from skeleton.runs import folder as runs
from skeleton.runs import seed as seed_run
from skeleton.runs.reevaluation import evaluate
from skeleton.runs.seed import load_task
from skeleton.runs.training import train

REGIONS = {"arms": (0, 1), "legs": (2, 3), "start": (0, 2)}
GRANULARITY = TrainConfig(alignment="granularity")
BLOCKS = (("left_arm.position", 12), ("left_leg.range", 9), ("torso.lean_range", 6), ("partner.presence", 1))
EXTRA = (
    ("part", "arms", 0), ("part", "arms", 1), ("part", "legs", 0), ("attribute", "foot_peak", 0),
    ("phase", "end", 0), ("attribute", "speed", 0),
)  # fmt: skip


def bank_of(*topics):
    counts = np.array([len(t) for t in topics])
    book = np.ones((len(topics), counts.max(), 4), np.float32)
    motion = np.zeros((len(topics), 4), np.float32)
    return TextBank(tuple(range(len(topics))), book, counts, motion, ("label",), "none", topics)


def test_one_stream_sees_and_reads_everything_as_published():
    bank = bank_of(("whole",) * 7, ("arms", "legs"))
    assert plan_streams(TrainConfig(), "nw-ucla", bank, (0, 1), REGIONS) == (Stream((1, 5, 7)),)
    assert plan_streams(TrainConfig(), "nw-ucla", bank, (1,), REGIONS) == (Stream((1, 2)),)


def test_a_topic_has_a_stream_if_every_class_has_text_and_there_are_columns():
    bank = bank_of(
        ("whole", "arms", "legs", "end", "arms"), ("whole", "arms", "end"), ("arms", "whole", "legs", "end")
    )
    assert plan_streams(GRANULARITY, "nw-ucla", bank, (0, 2), REGIONS) == (
        Stream((1, 3), topics=("whole", "legs", "torso", "start", "middle", "end")),
        Stream((1, 2), "arms", (0, 1), ("arms",)),
    )
    assert plan_streams(GRANULARITY, "nw-ucla", bank.take((0, 2)), (2,), REGIONS) == (
        Stream((1, 2), topics=("whole", "torso", "start", "middle", "end")),
        Stream((1,), "arms", (0, 1), ("arms",)),
        Stream((1,), "legs", (2, 3), ("legs",)),
    )


def test_whole_reads_everything_rather_than_leave_a_class_with_nothing():
    bank = bank_of(("arms", "arms", "legs"), ("arms", "legs", "whole"))
    found = plan_streams(replace(GRANULARITY, heads=(2, 9)), "nw-ucla", bank, (0, 1), REGIONS)
    assert found == (
        Stream((2, 3)),
        Stream((2,), "arms", (0, 1), ("arms",)),
        Stream((1,), "legs", (2, 3), ("legs",)),
    )


def test_text_that_speaks_of_the_whole_only_gives_the_published_stream():
    bank = bank_of(("whole",) * 3, ("whole",) * 6)
    assert plan_streams(GRANULARITY, "nw-ucla", bank, (0, 1), REGIONS) == (Stream((1, 5, 6)),)


def test_the_switch_is_young_runs_without_it_keep_their_identity():
    assert "alignment" not in preset("paper").to_dict()
    for config in (preset("paper"), GRANULARITY):
        assert TrainConfig.from_dict(config.to_dict()) == config
    with pytest.raises(UsageError, match="alignment"):
        TrainConfig(alignment="part")


def test_a_sweep_leaves_it_out_of_presets_that_have_no_heads():
    found = settings(["paper", "ridge"], {"alignment": ["whole", "granularity"]})
    assert [s.label for s in found] == ["paper (alignment=whole)", "paper (alignment=granularity)", "ridge"]
    assert [s.config.alignment for s in found] == ["whole", "granularity", "whole"]


@pytest.fixture
def aligned(world, make_embeddings, make_features):
    """The small world, with text about parts and phases, and features that say what their columns are of."""
    world.embeddings = make_embeddings(world.store, "nw-ucla", "tiny/parts", extra=EXTRA)
    world.features = make_features(world.store, "nw-ucla", blocks=BLOCKS)
    return world


def run(world, config, **options):
    return train(world.embeddings, world.features, store=world.store, config=config, jobs=1, **options)


def checkpoint(result):
    return result.path / "seed-0" / runs.CHECKPOINT


def metrics_of(result):
    return json.loads((result.path / "seed-0" / "metrics.json").read_text())


def test_a_run_has_the_streams_and_can_be_evaluated_again(aligned, small, make_embeddings):
    result = run(aligned, replace(small, alignment="granularity"))
    streams = {"whole": [1, 5], "arms": [1, 2], "legs": [1, 2], "end": [1]}
    assert metrics_of(result)["streams"] == streams
    again = evaluate(result.name, store=aligned.store)
    assert again["zsl"] == result.summary["zsl"]
    plain = run(aligned, small)
    assert plain.name != result.name
    assert metrics_of(plain)["streams"] == {"whole": [1, 5, 10]}

    other = make_embeddings(aligned.store, "nw-ucla", "tiny/other", seed=5, extra=EXTRA[1:])
    assert evaluate(result.name, store=aligned.store, embeddings=other.reference)["zsl"]["n"] == 16
    bare = make_embeddings(aligned.store, "nw-ucla", "tiny/bare", seed=5)
    with pytest.raises(SemtoolError, match=r"class .* has no description for the heads of 'arms'"):
        evaluate(result.name, store=aligned.store, embeddings=bare.reference)


def test_without_text_about_parts_the_switch_changes_nothing(aligned, small):
    whole, parts = (
        run(aligned, replace(small, alignment=a, codebook=("label", "global")), name=a)
        for a in ("whole", "granularity")
    )
    assert checkpoint(whole).read_bytes() == checkpoint(parts).read_bytes()


def test_a_killed_run_with_streams_goes_on_with_identical_result(aligned, small, monkeypatch):
    config = replace(small, alignment="granularity")
    whole = run(aligned, config, name="whole")
    original, calls = fitting.gradients, 0

    def killed(*args):
        nonlocal calls
        calls += 1
        if calls == 11:  # within the third of four epochs
            raise KeyboardInterrupt
        return original(*args)

    state = seed_run.State
    monkeypatch.setattr(fitting, "gradients", killed)
    monkeypatch.setattr(seed_run, "State", lambda path, identity: state(path, identity, every=0.0))
    with pytest.raises(KeyboardInterrupt):
        run(aligned, config, name="cut")
    cut = run(aligned, config, name="cut")
    assert calls < 2 * 12  # it did not start again from nothing
    assert checkpoint(cut).read_bytes() == checkpoint(whole).read_bytes()


def test_a_checkpoint_from_before_there_were_streams_comes_back(aligned, small):
    from safetensors.numpy import save_file

    result = run(aligned, small)
    path = checkpoint(result)
    tensors, facts = read_checkpoint(path)
    assert [s["heads"] for s in facts.pop("streams")] == [[1, 5, 10]]
    save_file(tensors, path, metadata={"facts": json.dumps(facts | {"heads": [1, 5, 10]})})
    assert evaluate(result.name, store=aligned.store)["zsl"] == result.summary["zsl"]


def test_a_checkpoint_of_streams_is_refused_where_there_should_be_one(aligned, small):
    result = run(aligned, replace(small, alignment="granularity"))
    with pytest.raises(
        SemtoolError, match=r"another architecture .* streams whole, arms, legs, end, not one"
    ):
        load_scorer(checkpoint(result), small)


def test_each_head_attends_to_what_its_stream_reads(aligned, small):
    config = replace(small, alignment="granularity")
    result = run(aligned, config)
    file = EmbeddingFile(aligned.embeddings.path)
    task = load_task(aligned.embeddings, aligned.features, config, "nw-ucla")
    keys = [(g, s, v) for g, s, v in zip(file.granularity, file.slot, file.variant.tolist(), strict=True)]
    mine = [(int(c), *key) for c, key in zip(file.class_id, keys, strict=True)]
    places = {key: [k for k in mine if k[0] == key[0]].index(key) for key in mine}
    found = attention(load_scorer(checkpoint(result), config), task, file, places)
    assert found["heads"] == [1, 5, 1, 2, 1, 2, 1]
    assert found["streams"] == ["whole", "whole", "arms", "arms", "legs", "legs", "end"]
    arms, legs, end = ({4 + EXTRA.index(x) + 1 for x in EXTRA if x[1] in slots} for slots in (
        ("arms",), ("legs", "foot_peak"), ("end",)))  # fmt: skip
    read = {"arms": arms, "legs": legs, "end": end, "whole": {0, 1, 2, 3, 4 + len(EXTRA)}}
    for class_id in task.unseen:
        for stream, top in zip(found["streams"], found["classes"][str(class_id)]["heads"], strict=True):
            assert top
            assert {place for place, _ in top} <= read[stream]
    assert np.allclose(np.sum(found["share"], axis=1), 1, atol=1e-3)


def test_features_that_say_nothing_of_their_columns_are_refused(world, small, make_features, cli):
    with pytest.raises(UsageError, match="semtool features --visual kinematics"):
        run(world, replace(small, alignment="granularity"))
    said = cli("train", "--alignment", "granularity", "--features", world.features.reference)
    assert said.code == 2
    assert f"the feature file {world.features.reference} does not say" in said.err
    # Left to itself it takes none but kinematic ones, and there are no skeletons here to make them from.
    assert "no skeletons of nw-ucla yet" in cli("train", "--alignment", "granularity").err
    assert run(world, preset("ridge", alignment="granularity")).summary["seeds"] == [
        0
    ]  # reads no switch of MLA


def test_the_command_trains_streams(aligned, cli):
    inputs = ("--embeddings", aligned.embeddings.reference, "--features", aligned.features.reference)
    done = cli("train", *inputs, "--epochs", "1", "--alignment", "granularity", "--name", "parts")
    assert done.code == 0, done.err
    seed = aligned.store.root / "runs" / "parts" / "seed-0"
    assert yaml.safe_load((seed / "config.yaml").read_text())["config"]["alignment"] == "granularity"
    assert len(read_checkpoint(seed / runs.CHECKPOINT)[1]["streams"]) == 4
    assert cli("train", *inputs, "--alignment", "parts").code == 2
