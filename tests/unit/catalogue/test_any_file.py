"""Whatever a data set's file holds, loading it ends in a data set or in one sentence."""

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from semtool.catalogue import load_bank, load_dataset
from semtool.errors import SemtoolError, UsageError

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 5), st.sampled_from(["a", "b", "wave", "kick", "", "é/("])
)
ANY = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["id", "name", "like", "label", "x"]), inner),
    ),
    max_leaves=6,
)
CLASSES = st.one_of(
    ANY, st.lists(st.one_of(st.sampled_from(["wave", "kick", "sit", "wave "]), ANY), max_size=4)
)
SPLIT = st.one_of(
    ANY,
    st.lists(st.integers(-1, 4), max_size=3),
    st.fixed_dictionaries(
        {"unseen": st.lists(st.integers(0, 4))}, optional={"seen": st.lists(st.integers(0, 4))}
    ),
)
ATTRIBUTE = st.dictionaries(st.sampled_from(["arms", "speed", "wings"]), SCALARS, max_size=2)
FACTS = st.fixed_dictionaries(
    {}, optional={"attribute": st.one_of(ANY, ATTRIBUTE), "part": ANY, "like": SCALARS, "motion": ANY}
)
FILES = st.fixed_dictionaries(
    {},
    optional={
        "name": st.one_of(SCALARS, st.just("mine")),
        "classes": CLASSES,
        "splits": st.one_of(
            ANY, st.dictionaries(st.one_of(st.text("ab-1", max_size=4), st.integers(0, 3)), SPLIT)
        ),
        "protocols": ANY,
        "facts": st.one_of(
            ANY, st.dictionaries(st.sampled_from(["wave", "kick", "c1"]), st.one_of(ANY, FACTS))
        ),
        "default_split": SCALARS,
        "bodies": SCALARS,
        "first_classes_of": ANY,
        "colour": SCALARS,
    },
)


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(raw=FILES)
def test_loading_ends_in_a_data_set_or_in_one_sentence(tmp_path_factory, raw):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(yaml.safe_dump(raw, allow_unicode=True), encoding="utf-8")
    message = ""
    try:
        dataset = load_dataset(path)
    except UsageError as error:
        message = str(error)
    if message:
        assert message.startswith("any.yaml")
        return
    try:
        assert set(load_bank(dataset)) <= {c.id for c in dataset.classes}
    except SemtoolError as error:
        message = str(error)
    assert not message or message.startswith(f"the facts of {dataset.name} have problems")
