"""Zero-shot for real: a raw sequence and labels that somebody types in, scores out.

This is the one module of the motion side that writes and embeds text: labels typed at prediction time have no
embedding file yet. They are described through the prompt set and encoder that the run was trained with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from semtool.artifacts import Artifact, Store
from semtool.catalogue import load_bank, load_dataset, typed_dataset
from semtool.embedding_file import EmbeddingFile
from semtool.errors import SemtoolError, UsageError
from skeleton.data import SkeletonSequence, layout
from skeleton.device import resolve_device
from skeleton.methods import Scorer, TextBank, encoder_of, load_scorer, read_text
from skeleton.runs import folder as runs
from skeleton.visual import VisualEncoder, load_visual

__all__ = ["Prediction", "ZeroShotClassifier"]


@dataclass(frozen=True)
class Prediction:
    """Scores of one sequence over the labels, best first; scores compare within one sequence only."""

    name: str
    labels: tuple[str, ...]
    scores: tuple[float, ...]

    @property
    def label(self) -> str:
        """The label that scores best."""
        return self.labels[0]


@dataclass(frozen=True)
class ZeroShotClassifier:
    """A trained run with its visual encoder, ready for sequences and labels that it has never seen.

    Attributes:
        embeddings: the embedding file that the run was trained on; says prompt set and encoder.
    """

    store: Store
    scorer: Scorer
    visual: VisualEncoder
    embeddings: Artifact
    dataset: str
    codebook: tuple[str, ...] | None
    motion: str | None
    simulated: bool

    @classmethod
    def from_run(
        cls,
        run: str | Path | runs.Run | None = None,
        *,
        store: Store | None = None,
        seed: int | None = None,
        device: str = "auto",
    ) -> ZeroShotClassifier:
        """Open a run; without one the newest, without a seed its first.

        Args:
            run: a run, its name or its folder; None or ``newest``: the newest.
            store: where everything is looked up; None: the store of the working folder.
            seed: one that was trained; None: the first.
            device: of the visual encoder: `auto`, `cpu`, `cuda` or `mps`.

        Returns:
            The run's scorer with its visual encoder and text rule.

        Raises:
            UsageError: if there is no such run or seed.
            SemtoolError: if the features of the run hold no visual encoder (imported features do not).
        """
        store = store or Store()
        if not isinstance(run, runs.Run):
            run = runs.open_run(store, None if run is None else str(run))
        chosen = run.seeds[0] if seed is None else seed
        if chosen not in run.seeds:
            raise UsageError(
                f"the run {run.name} has the seeds {', '.join(map(str, run.seeds))}, not {chosen}"
            )
        record, settings = run.record(chosen), run.settings(chosen)
        features = store.resolve("features", record.features.reference)
        return cls(
            store=store,
            scorer=load_scorer(runs.seed_folder(run.path, chosen) / runs.CHECKPOINT, settings),
            visual=load_visual(features.path, str(resolve_device(device))),
            embeddings=store.resolve("embeddings", record.embeddings.reference),
            dataset=record.dataset,
            codebook=settings.codebook,
            motion=settings.motion,
            simulated=features.manifest.simulated,
        )

    def describe(self, labels: Sequence[str], *, prompts: str | None = None) -> TextBank:
        """Return the text of ``labels``: their facts from the catalogue, else what their names say.

        Args:
            labels: at least two.
            prompts: prompt set; None: the run's own. If the run reads attribute codes, those of labels that
                nobody has described are read from their names.

        Raises:
            UsageError: if the prompt set needs facts that nobody has written for a label.
        """
        from semtool.embedding import embed
        from semtool.generation import generate

        data = typed_dataset(labels, prefer=self.dataset)
        prompt_set, encoder = prompts or self.embeddings.place.prompt_set, encoder_of(self.embeddings)
        if prompts is None and (encoder.startswith("attributes-from:") or self.guessed(labels)):
            prompt_set, encoder = "words", "kinetic" if encoder == "attributes" else encoder
        # Beside the user's own text, which `embed` and `train` take the newest of.
        side = Store(self.store.root / "cache" / "typed")
        made = embed(generate(data, prompt_set, store=side).artifact, encoder, store=side)
        return self.read(EmbeddingFile(made.artifact.path), range(len(labels)))

    def guessed(self, labels: Sequence[str]) -> list[str]:
        """Return the labels whose codes are read from their names; none if the run reads sentences."""
        if encoder_of(self.embeddings).partition(":")[0] not in ("attributes", "attributes-from"):
            return []
        described = load_bank(typed_dataset(labels, prefer=self.dataset))
        return [name for i, name in enumerate(labels) if i not in described or not described[i].attribute]

    def describe_all(self, descriptions: str) -> tuple[list[str], TextBank]:
        """Return the names and the text of every class of a description set, by the run's encoder."""
        from semtool.embedding import embed

        made = embed(descriptions, encoder_of(self.embeddings), store=self.store).artifact
        file = EmbeddingFile(made.path)
        classes = sorted(set(file.class_id.tolist()))
        data = load_dataset(self.store.dataset_file(file.dataset))
        return [data.classes[c].name for c in classes], self.read(file, classes)

    def read(self, file: EmbeddingFile, classes: Sequence[int]) -> TextBank:
        """Return the text of classes of an embedding file, by the run's own rule.

        Args:
            file: text under the run's encoder.
            classes: canonical class ids, in the order of the answer's rows.
        """
        present = set(file.granularity.tolist())
        book = tuple(g for g in self.codebook or () if g in present) or None
        motion = self.motion if self.motion in present or self.motion == "none" else None
        return read_text(file, list(classes), codebook=book, motion=motion)

    def predict(
        self,
        sequences: SkeletonSequence | Sequence[SkeletonSequence],
        labels: Sequence[str] | None = None,
        *,
        text: TextBank | None = None,
        prompts: str | None = None,
    ) -> list[Prediction]:
        """Score sequences over labels.

        Args:
            sequences: raw sequences; of any joint layout if the visual encoder takes them (`kinematics`).
            labels: what they may be; also how ``text`` is called in the answer.
            text: their text, if it is at hand (`describe`, `read`); made from ``labels`` otherwise.
            prompts: see `describe`.

        Returns:
            For each sequence the labels and their scores, best first.

        Raises:
            SemtoolError: if a sequence has another joint layout than the encoder reads.
            UsageError: if there are no labels.
        """
        given = [sequences] if isinstance(sequences, SkeletonSequence) else list(sequences)
        if labels is None:
            raise UsageError("say what the sequence may be: labels, or a description set")
        for sequence in given:
            if not self.visual.any_layout and sequence.layout != self.visual.layout.name:
                raise SemtoolError(
                    f"{sequence.name} has the joint layout {sequence.layout}, the run's visual encoder reads "
                    f"{self.visual.layout.name}; convert the sequence, or use a run on {sequence.layout}"
                )
        bank = self.describe(labels, prompts=prompts) if text is None else text
        if not given:
            return []
        vectors = np.stack([self.visual.encode_sequence(s.positions, layout(s.layout)) for s in given])
        scores: NDArray[np.float32] = self.scorer.scores(vectors, bank)
        answers = []
        for sequence, row in zip(given, scores, strict=True):
            order = np.argsort(-row, kind="stable")
            answers.append(
                Prediction(
                    sequence.name, tuple(labels[i] for i in order), tuple(float(row[i]) for i in order)
                )
            )
        return answers
