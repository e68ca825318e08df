"""A contrastive head: features go through one linear layer to where their class's text lies."""

from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from skeleton.methods import EpochSettings, Examples, Method, Normalisation, Scorer, TextBank, prototypes


class Settings(EpochSettings):
    """The switches, besides those that every method by epochs has."""

    method: Literal["contrastive"] = "contrastive"
    lr: float = Field(1e-2, gt=0, description="Learning rate.")
    temperature: float = Field(0.1, gt=0, description="Of the softmax over the seen classes.")


class Head(Scorer):
    """``score(x, c)``: cosine between the projected feature and the class's prototype."""

    def __init__(self, weight: Any, normalise: Normalisation) -> None:
        self.weight, self.normalise = weight, normalise

    def scores(self, features: Any, bank: TextBank) -> Any:
        points = self.normalise(features) @ self.weight
        return points / np.linalg.norm(points, axis=1, keepdims=True) @ prototypes(bank).T.astype(np.float32)

    def checkpoint(self) -> Any:
        return {"weight": self.weight, **self.normalise.tensors()}, {}


class Contrastive(Method):
    """Cross-entropy over cosines to the seen classes' text, full batches, Adam."""

    name: ClassVar = "contrastive"
    Settings: ClassVar = Settings
    presets: ClassVar = {"contrastive": {}, "contrastive-sharp": {"temperature": 0.02}}

    def fit(self, examples: Examples, context: Any) -> Scorer:
        import torch  # here, so that listing methods stays fast

        normalise, best = Normalisation.of("standard", examples.features), None
        x, rows = torch.from_numpy(normalise(examples.features)), torch.from_numpy(examples.rows)
        text = torch.from_numpy(prototypes(examples.bank)).float()
        start = torch.Generator().manual_seed(context.seed)
        weight = (torch.randn(x.shape[1], text.shape[1], generator=start) * 0.01).requires_grad_()
        adam = torch.optim.Adam([weight], lr=self.settings.lr)
        for epoch in range(1, (context.epochs or self.settings.epochs) + 1):
            cosines = torch.nn.functional.normalize(x @ weight, dim=1) @ text.T
            loss = torch.nn.functional.cross_entropy(cosines / self.settings.temperature, rows)
            adam.zero_grad()
            loss.backward()
            adam.step()
            head = Head(weight.detach().numpy().copy(), normalise)
            value = context.monitor(head) if context.monitor else float(epoch)
            if best is None or value > best[0]:
                best, self.record_ = (value, head), {"epoch": epoch}
            context.on_epoch({"epoch": epoch, "loss": loss.item()})
        return best[1]

    def restore(self, tensors: Any, facts: Any) -> Scorer:
        return Head(tensors["weight"], Normalisation.restore("standard", tensors))
