"""From ten class names of one's own to an accuracy on classes that nothing was trained on.

    python examples/bring_your_own_dataset/run.py

1. class names -> texts -> vectors        2. skeletons -> features, from seen classes only
3. zero-shot accuracy of both texts       4. which of some words does one sequence show?

The skeletons are toys (`toy_skeletons.py`), made on the spot; put your own in their place with --raw.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from semtool import embed, generate
from semtool.artifacts import Artifact, Store
from semtool.feature_file import FeatureFile
from skeleton.data.arrays import ArraySet
from skeleton.data.preparation import prepare
from skeleton.methods import preset
from skeleton.runs.classification import ZeroShotClassifier
from skeleton.runs.training import train
from skeleton.visual.extraction import features

HERE = Path(__file__).parent
NAMES, FACTS = HERE / "gym.yaml", HERE / "gym_with_facts.yaml"


def main() -> None:
    """Run all four steps; what is done already is not done again."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--root", type=Path, default=Path("artifacts"))
    parser.add_argument("--raw", type=Path, help="your recordings, in any format that semtool prepare reads")
    arguments = parser.parse_args()
    store = Store(arguments.root)

    # 1. Names alone can be embedded; with typed attributes no text encoder is needed.
    texts: dict[str, tuple[Path, Artifact]] = {}
    for file, prompts, encoder in ((NAMES, "label", "minilm"), (FACTS, "attributes", "attributes")):
        described = generate(file, prompts, store=store)
        texts[prompts] = file, embed(described.artifact, encoder, store=store).artifact
        print(f"{prompts}: {texts[prompts][1].reference}")

    # 2. Skeletons. The visual encoder `kinematics` measures and is not trained; with thousands of sequences
    # leave it out and let ST-GCN learn from the seen classes.
    raw = arguments.raw or arguments.root / "recordings"
    if not raw.exists():
        subprocess.run([sys.executable, HERE / "toy_skeletons.py", raw], check=True)
    arrays = prepare(NAMES, raw, store=store).artifact
    visual = features(NAMES, arrays=arrays.reference, visual="kinematics", store=store)

    # 3. Three classes are unseen: raise the left arm, wave with the left hand, kick with the left leg.
    runs = {}
    for prompts, (file, text) in texts.items():
        run = train(text, visual, dataset=str(file), store=store, settings=preset("ridge"))
        zsl = run.summary.to_dict()["zsl"]
        runs[prompts] = run
        mark = "SIMULATED skeletons, " if run.summary.simulated else ""
        print(
            f"{prompts}: {100 * zsl['accuracy']['mean']:.0f} % of {zsl['n']} unseen samples right "
            f"({mark}chance {100 * zsl['chance']:.0f} %)"
        )

    # 4. Any words will do as labels, also ones that no data set has.
    model = ZeroShotClassifier.from_run(runs["label"].name, store=store)
    unseen = FeatureFile.read(visual.path).rows("unseen-test")[0]
    sequence = ArraySet.open(arrays.path).sequence(int(unseen))
    (answer,) = model.predict(sequence, ["raise the left arm", "jump", "sit down on the floor"])
    print(f"{sequence.name} looks most like: {answer.label}")


if __name__ == "__main__":
    main()
