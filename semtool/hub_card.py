"""The card (README.md) of an artifact on a Hugging Face repository."""

from __future__ import annotations

from semtool.artifacts import Artifact
from semtool.catalogue import load_dataset
from semtool.errors import UsageError

__all__ = ["card"]

_LOAD = {
    "descriptions": """\
import json
from huggingface_hub import hf_hub_download
path = hf_hub_download("{repo}", "descriptions.jsonl", repo_type="dataset")
rows = [json.loads(line) for line in open(path, encoding="utf-8")]
print(len(rows), rows[0]["class_name"], rows[0]["text"])
""",
    "embeddings": """\
from huggingface_hub import hf_hub_download
from safetensors import safe_open
file = safe_open(hf_hub_download("{repo}", "embeddings.safetensors", repo_type="dataset"), framework="numpy")
vectors, class_id = file.get_tensor("embeddings"), file.get_tensor("class_id")
print(vectors.shape, class_id[:5], file.metadata()["granularity"][:40])
""",
    "features": """\
from huggingface_hub import hf_hub_download
from safetensors import safe_open
file = safe_open(hf_hub_download("{repo}", "features.safetensors", repo_type="dataset"), framework="numpy")
features, class_id = file.get_tensor("features"), file.get_tensor("class_id")
print(features.shape, class_id[:5], file.metadata()["split"])
""",
}
_HOLDS = {
    "descriptions": "Descriptions of action classes, one JSON object a line: `dataset`, `class_id`, "
    "`class_name`, `granularity`, `slot`, `variant`, `text`, `source`.",
    "embeddings": "Text embeddings of action classes in one safetensors file: `embeddings` float32 (n, d) "
    "and `class_id` int64 (n,); its metadata holds each row's granularity, slot and variant as JSON.",
    "features": "Visual features of one class split in one safetensors file: `features` float32 (n, Dv), "
    "`class_id`, `subject`, `view` and `subset` int64 (n,); its metadata holds data set, split, protocol and "
    "visual encoder.",
}
_CARD = """\
---
license: {licence}
language: en
pretty_name: {title}
tags: [skeleton, action-recognition, zero-shot, semtool]
---
# {title}

{holds} Class ids count from 0 in the canonical order of the data set.

{table}

## Load it without semtool

```python
{load}```

## Load it with semtool

```
semtool pull {repo}
```

Every file's checksum is in `manifest.json`, with what the artifact was made from and by which versions.
"""


def card(artifact: Artifact, repo: str, *, licence: str = "unknown") -> str:
    """Return the card of ``artifact`` in ``repo`` (``user/name``), Markdown with the hub's front matter."""
    place, manifest = artifact.place, artifact.manifest
    facts = {"data set": artifact.dataset}
    if artifact.kind == "features":
        facts |= {"class split": place.split, "visual encoder": place.visual}
        facts["simulated"] = "yes: simulated skeletons, no recording" if manifest.simulated else ""
    else:
        facts["prompt set"] = artifact.prompt_set
    if artifact.kind == "embeddings":
        from semtool.embedding_file import EmbeddingFile

        facts["encoder"] = EmbeddingFile(artifact.path).encoder
    facts["reference"] = artifact.reference
    facts["licence"] = licence
    facts["made"] = f"{manifest.created:%Y-%m-%d}, with semtool {manifest.versions.get('semtool', 'unknown')}"
    facts["samples" if artifact.kind == "features" else "texts"] = ", ".join(
        f"{count} {name}" for name, count in manifest.counts.items()
    )
    facts["inputs"] = ", ".join(f"{i.reference} ({i.sha256[:12]})" for i in manifest.inputs.values())
    try:
        facts["licence of the motion data"] = load_dataset(artifact.dataset).licence
    except UsageError:
        facts["licence of the motion data"] = ""  # a user's own data set says nothing here
    rows = [f"| {name} | {_cell(value)} |" for name, value in facts.items() if value]
    return _CARD.format(
        licence=licence,
        title=artifact.reference.replace("@", " "),
        holds=_HOLDS[artifact.kind],
        table="\n".join(["| | |", "|---|---|", *rows]),
        load=_LOAD[artifact.kind].format(repo=repo),
        repo=repo,
    )


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
