"""Motion of attributes in every combination: for whoever learns to see attributes, whatever the class.

Classes come with habits (whoever walks swings the arms), and a model that knows few classes takes habits for
laws. A combination takes what the arms do from one class of the catalogue, what the legs, the trunk and the
whole do from others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from semtool.catalogue import dataset_names, load_bank, load_dataset, load_vocabulary
from skeleton.data import SkeletonSequence
from skeleton.simulation.acting import act
from skeleton.simulation.camera import CAMERAS, draw_setup
from skeleton.simulation.performance import draw_subject, perform_program
from skeleton.simulation.sampling import recorded

__all__ = ["act_out", "combine", "mix"]


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
    return [mix(alone, random) for _ in range(count)]


def mix(pool: Sequence[Mapping[str, str]], random: np.random.Generator) -> dict[str, str]:
    """Return attributes of which arms, legs, trunk and the rest are those of different members of a pool.

    Args:
        pool: complete attributes, field -> value, of single people.
        random: source of everything that is drawn.
    """
    of = {part: pool[int(random.integers(len(pool)))] for part in ("arms", "legs", "torso", "rest")}
    of["head"] = of["torso"]
    return {name: of[field.part or "rest"][name] for name, field in load_vocabulary().fields.items()}


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
    return recorded(figures, draw_setup(random), int(random.choice(list(CAMERAS))), random).sequence
