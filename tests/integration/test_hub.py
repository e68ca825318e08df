"""Push and pull against a hub on loopback; what travels and what leaks in processes of their own."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from semtool.artifacts import Store
from semtool.descriptions import Description, DescriptionSet
from semtool.embedding_file import EmbeddingFile, write_embeddings
from semtool.feature_file import FeatureFile


def _loaded(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


hub_server = _loaded("hub_server", Path(__file__).with_name("hub_server.py"))

TOKEN = "hf_notarealtokenbutlooksthesame"


@pytest.fixture
def hub():
    with hub_server.serve() as hub:
        yield hub


@pytest.fixture
def run(tmp_path, hub):
    def run(*arguments, root="here", code=None, **changes):
        environment = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        environment |= {
            "HF_ENDPOINT": hub.endpoint,
            "HF_HUB_OFFLINE": "0",
            "HF_TOKEN": TOKEN,
            "HF_HOME": str(tmp_path / "hf"),
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_XET": "1",
            "SEMTOOL_ROOT": str(tmp_path / root),
        }
        start = ["-c", code] if code else ["-m", "semtool", *arguments]
        return subprocess.run(
            [sys.executable, *start],
            env=environment | changes,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def here(hub, cli, monkeypatch, tmp_path):
    """Run a command in this process, as `run` does in its own."""
    from huggingface_hub import constants

    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(constants, "ENDPOINT", hub.endpoint)
    template = f"{hub.endpoint}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setenv("HF_TOKEN", TOKEN)

    def here(*arguments, root="here"):
        return cli(*arguments, "--root", tmp_path / root)

    return here


@pytest.fixture
def texts(tmp_path):
    """A description set in the store ``here``."""
    store = Store(tmp_path / "here")
    rows = [
        Description("ntu60", i, f"class {i}", "global", "", 0, f"text ‘{i}’ 动作", "template")
        for i in range(3)
    ]
    with store.create("descriptions", "ntu60/global", parameters={"n": 1}) as draft:
        DescriptionSet(rows).write(draft.folder)
        draft.counts = {"global": 3}
    return draft.result


@pytest.fixture
def vectors(tmp_path, texts):
    """An embedding file in the store ``here``."""
    store = Store(tmp_path / "here")
    with store.create(
        "embeddings",
        "ntu60/global/tfidf",
        inputs={"descriptions": texts.as_input()},
        parameters={"encoder": "tfidf"},
    ) as draft:
        write_embeddings(
            draft.folder,
            vectors=np.eye(3, dtype=np.float32),
            class_id=np.arange(3),
            granularity=["global"] * 3,
            slot=[""] * 3,
            variant=[0] * 3,
            dataset="ntu60",
            encoder="tfidf",
        )
        draft.counts = {"global": 3}
    return draft.result


def test_descriptions_travel(hub, run, texts, tmp_path):
    pushed = run("push", "ntu60/global", "--repo", "me/texts", "--licence", "cc-by-4.0", "--json")
    assert pushed.returncode == 0, pushed.stderr
    assert json.loads(pushed.stdout) == {
        "reference": "ntu60/global@v1",
        "repo": "me/texts",
        "url": f"{hub.endpoint}/datasets/me/texts",
        "commit": hub.commit,
    }
    assert sorted(hub.files) == ["README.md", "descriptions.jsonl", "manifest.json"]
    assert hub.commits == ["semtool push ntu60/global@v1"]

    pulled = run("pull", "me/texts", "--json", root="there")
    assert pulled.returncode == 0, pulled.stderr
    answer = json.loads(pulled.stdout)
    assert answer["reference"] == "ntu60/global@v1"
    assert answer["pulled"]["commit"] == hub.commit
    there = Store(tmp_path / "there").resolve("descriptions", "ntu60/global").verify()
    assert DescriptionSet.read(there.path).descriptions == DescriptionSet.read(texts.path).descriptions
    assert there.as_input() == texts.as_input()
    assert there.manifest.identity == texts.manifest.identity
    again = run("pull", "me/texts", root="there")
    assert again.stdout == "descriptions ntu60/global@v1, from me/texts\n"


def test_embeddings_travel_and_the_card_loads_them_without_semtool(hub, run, vectors, tmp_path):
    pushed = run("push", "embeddings/ntu60/global/tfidf@v1", "--repo", "me/texts")
    assert pushed.returncode == 0, pushed.stderr
    assert "names no licence" in pushed.stderr
    assert hub.objects, "the tensor file went through LFS"
    card = hub.files["README.md"].decode()
    for said in (
        "| data set | ntu60 |",
        "| prompt set | global |",
        "| encoder | tfidf |",
        "license: unknown",
    ):
        assert said in card
    (code,) = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    assert len(code.splitlines()) == 5
    loaded = run(code=code)
    assert loaded.returncode == 0, loaded.stderr
    assert loaded.stdout.startswith("(3, 3) [0 1 2]")

    assert run("pull", "me/texts", root="there").returncode == 0
    there = Store(tmp_path / "there").resolve("embeddings", "ntu60/global/tfidf").verify()
    assert np.array_equal(EmbeddingFile(there.path).vectors(), np.eye(3))


def test_the_card_of_descriptions_loads_them_too(hub, run, texts):
    assert run("push", "ntu60/global", "--repo", "me/texts").returncode == 0
    (code,) = re.findall(r"```python\n(.*?)```", hub.files["README.md"].decode(), re.DOTALL)
    assert len(code.splitlines()) == 5
    assert run(code=code).stdout == "3 class 0 text ‘0’ 动作\n"


def replace(name, old, new):
    def spoil(files):
        assert old in files[name]
        files[name] = files[name].replace(old, new)

    return spoil


SPOILED = {
    "flipped": (replace("descriptions.jsonl", b"text", b"tExt"), "descriptions.jsonl does not match"),
    "manifest": (replace("manifest.json", b'"n": 1', b'"n": 2'), "manifest.json does not match"),
    "missing": (lambda files: files.pop("descriptions.jsonl"), "it has no descriptions.jsonl"),
    "foreign": (lambda files: files.pop("manifest.json"), "was not made by semtool push"),
    "traversal": (replace("manifest.json", b'"descriptions.jsonl"', b'"../out"'), "not a plain file name"),
    "newer": (replace("manifest.json", b'"schema": 2', b'"schema": 9'), "upgrade semtool"),
}


@pytest.mark.parametrize(("spoil", "says"), SPOILED.values(), ids=SPOILED)
def test_what_does_not_fit_never_enters_the_store(hub, here, texts, tmp_path, spoil, says):
    assert here("push", "ntu60/global", "--repo", "me/texts").code == 0
    spoil(hub.files)
    pulled = here("pull", "me/texts", root="there")
    assert pulled.code == 1
    assert says in pulled.err
    assert pulled.err.count("\n") == 1
    assert not (tmp_path / "there" / "descriptions").exists()


def test_a_damaged_artifact_is_not_pushed(hub, here, texts):
    path = texts.path / "descriptions.jsonl"
    path.write_bytes(path.read_bytes()[:-1])
    pushed = here("push", "ntu60/global", "--repo", "me/texts")
    assert pushed.code == 1
    assert "descriptions.jsonl has" in pushed.err
    assert hub.requests == []


def test_tokens_are_sent_but_never_written(hub, run, texts, tmp_path):
    done = [run("push", "ntu60/global", "--repo", "me/texts"), run("pull", "me/texts", root="there")]
    assert any(
        headers.get("authorization", headers.get("Authorization")) == f"Bearer {TOKEN}"
        for _, _, headers in hub.requests
    )
    assert all(TOKEN not in answer.stdout + answer.stderr for answer in done)
    assert all(TOKEN.encode() not in content for content in hub.files.values())
    for folder in ("here", "there"):
        for path in (tmp_path / folder).rglob("*"):
            assert path.is_dir() or TOKEN.encode() not in path.read_bytes()


@pytest.mark.parametrize("status", [401, 403, 404])
@pytest.mark.parametrize("command", [("push", "ntu60/global", "--repo", "me/texts"), ("pull", "me/texts")])
def test_a_refusal_is_one_sentence(hub, here, texts, status, command):
    hub.status = status
    answer = here(*command)
    assert answer.code in (1, 2)
    assert answer.out == ""
    assert answer.err.startswith("error: ")
    assert answer.err.count("\n") == 1
    assert "me/texts" in answer.err
    assert TOKEN not in answer.err
    if status in (401, 403):
        assert "HF_TOKEN" in answer.err


def test_an_unknown_revision_is_named(hub, here, texts):
    assert here("push", "ntu60/global", "--repo", "me/texts").code == 0
    pulled = here("pull", "me/texts", "--revision", "nowhere")
    assert (pulled.code, pulled.err) == (2, "error: me/texts has no such revision\n")


def test_without_a_network_it_is_one_sentence(run, texts):
    # Nothing listens on the discard port.
    answer = run("pull", "me/texts", HF_ENDPOINT="http://127.0.0.1:9")
    assert answer.returncode == 1
    assert answer.stderr == "error: cannot reach http://127.0.0.1:9; check the network, or set HF_ENDPOINT\n"
    offline = run("push", "ntu60/global", "--repo", "me/texts", HF_HUB_OFFLINE="1")
    assert offline.returncode == 1
    assert "HF_HUB_OFFLINE" in offline.stderr


def test_motion_data_is_not_pushed(hub, here, tmp_path):
    with Store(tmp_path / "here").create("arrays", "ntu60/raw") as draft:
        (draft.folder / "positions.npy").write_bytes(b"x")
    pushed = here("push", "ntu60/raw", "--repo", "me/texts")
    assert pushed.code == 2
    assert "only descriptions, embeddings and features" in pushed.err
    assert hub.requests == []


@pytest.mark.parametrize(
    "repo", ["texts", "me/texts/more", "../texts", "me/", "https://huggingface.co/me/texts"]
)
def test_a_bad_repository_name_is_wrong_usage(hub, here, texts, repo):
    answer = here("pull", repo)
    assert answer.code == 2
    assert "user/name" in answer.err
    assert hub.requests == []


@pytest.fixture
def features_of(tmp_path):
    """Features in the store ``here``."""
    rng = np.random.default_rng(0)
    with Store(tmp_path / "here").create("features", "nw-ucla/purls-8-2/kinematics", parameters={}) as draft:
        FeatureFile(
            dataset="nw-ucla", split="purls-8-2", protocol="cross-view", visual="kinematics", simulated=True,
            features=rng.normal(size=(4, 3)).astype(np.float32), class_id=np.arange(4),
            subject=np.ones(4, int), view=np.ones(4, int), subset=np.zeros(4, int), names=list("abcd"),
        ).write(draft.folder)  # fmt: skip
        draft.counts, draft.simulated = {"train": 4}, True
    return draft.result


def test_features_travel_and_the_card_says_what_they_are(hub, run, features_of, tmp_path):
    pushed = run("push", "features/nw-ucla/purls-8-2/kinematics", "--repo", "me/texts", "--licence", "other")
    assert pushed.returncode == 0, pushed.stderr
    card = hub.files["README.md"].decode()
    assert "| visual encoder | kinematics |" in card
    assert "simulated skeletons, no recording" in card
    (code,) = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    assert run(code=code).stdout.startswith("(4, 3) [0 1 2")
    assert run("pull", "me/texts", root="there").returncode == 0
    there = Store(tmp_path / "there").resolve("features", "nw-ucla/purls-8-2/kinematics").verify()
    assert there.manifest.simulated
    assert np.array_equal(FeatureFile.read(there.path).features, FeatureFile.read(features_of.path).features)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The store of a run on random features."""
    from skeleton.methods import preset
    from skeleton.runs import train

    store = Store(tmp_path_factory.mktemp("trained"))
    worlds = _loaded("small_worlds", Path(__file__).parents[1] / "unit" / "skeleton" / "conftest.py")
    train(
        worlds.embeddings_of(store, "utd-mhad"),
        worlds.features_of(store, "utd-mhad"),
        store=store,
        settings=preset("ridge"),
        name="mine",
        device="cpu",
        jobs=1,
    )
    return store


def test_a_run_travels_whole_and_is_ranked_there(hub, here, trained, tmp_path):
    pushed = here("push", "runs/mine", "--repo", "me/texts", root=trained.root)
    assert pushed.code == 0, pushed.err
    assert "seed-0/predictions.csv" in hub.files
    assert "ridge on utd-mhad purls-22-5" in hub.files["README.md"].decode()
    for answer in (here("pull", "me/texts", root="there"), here("pull", "me/texts", root="there")):
        assert answer.out == "run mine, from me/texts\n", answer.err
    sent, found = trained.root / "runs/mine", tmp_path / "there/runs/mine"
    for name in ("summary.json", "seed-0/metrics.json", "seed-0/checkpoint.safetensors"):
        assert (found / name).read_bytes() == (sent / name).read_bytes()
    (found / "summary.json").write_text("{}")
    other = here("pull", "me/texts", root="there")
    assert (other.code, "there is another run mine" in other.err) == (2, True)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b"seed-0/metrics.json", b"../seed-0/metrics.json", "is not one that"),
        (b'"name": "mine"', b'"name": "../x"', "cannot be a name"),
    ],
)
def test_a_run_that_leaves_its_folder_is_refused(hub, here, trained, tmp_path, old, new, says):
    assert here("push", "runs/mine", "--repo", "me/texts", root=trained.root).code == 0
    hub.files["run.json"] = hub.files["run.json"].replace(old, new)
    pulled = here("pull", "me/texts", root="there")
    assert pulled.code != 0
    assert says in pulled.err
    assert not (tmp_path / "there").exists()


def test_a_damaged_run_is_refused(hub, here, trained, tmp_path):
    assert here("push", "runs/mine", "--repo", "me/texts", root=trained.root).code == 0
    hub.files["seed-0/predictions.csv"] += b"x"
    pulled = here("pull", "me/texts", root="there")
    assert (pulled.code, "seed-0/predictions.csv does not match" in pulled.err) == (1, True)
    assert not (tmp_path / "there").exists()
