"""Motion of attributes in every combination: for whoever learns to see attributes, whatever the class.

Classes come with habits (whoever walks swings the arms), and a model that knows few classes takes habits for
laws. A combination takes what the arms do from one class of the catalogue, what the legs, the trunk and the
whole do from others.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from semtool.catalogue import dataset_names, load_bank, load_dataset, load_vocabulary
from skeleton.data import SkeletonSequence
from skeleton.simulation.acting import act
from skeleton.simulation.camera import CAMERAS, draw_setup, view
from skeleton.simulation.noise import add_noise
from skeleton.simulation.performance import draw_subject, perform_program
from skeleton.simulation.sampling import LAYOUT

__all__ = ["act_out", "combine"]


def combine(count: int, random: np.random.Generator) -> list[dict[str, str]]:
    """Return ``count`` combinations of what the catalogue's classes for single people do, part by part.

    Args:
        count: how many.
        random: source of everything that is drawn.

    Returns:
        Attributes, field -> value, of each.
    """
    facts = [f.attribute for name in dataset_names() for f in load_bank(load_dataset(name)).values()]
    alone = [dict(a) for a in dict.fromkeys(tuple(a.items()) for a in facts if a) if ("people", "one") in a]
    part = {name: field.part or "rest" for name, field in load_vocabulary().fields.items()}
    part = {name: "torso" if own == "head" else own for name, own in part.items()}
    made = []
    for _ in range(count):
        of = {own: alone[random.integers(len(alone))] for own in ("arms", "legs", "torso", "rest")}
        made.append({name: of[own][name] for name, own in part.items()})
    return made


def act_out(attributes: Mapping[str, str], random: np.random.Generator) -> SkeletonSequence:
    """Return a recording of somebody doing what attributes say.

    Args:
        attributes: field -> value; what is left out is at rest.
        random: source of everything that is drawn.

    Returns:
        One or two people as a sensor sees them, (3, T, 25, M) in metres.
    """
    actor, partner = draw_subject(random), draw_subject(random)
    figures = perform_program(act(attributes, random), actor, partner, random)
    seen = view(figures, draw_setup(random), int(random.choice(list(CAMERAS))), random)
    positions = np.stack([add_noise(body, random)[0] for body in seen], axis=-1).transpose(2, 0, 1, 3)
    return SkeletonSequence("", LAYOUT, np.ascontiguousarray(positions, dtype=np.float32))
