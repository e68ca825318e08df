import pytest

from semtool.artifacts import Reference
from semtool.errors import UsageError


def test_parts_have_names():
    found = Reference.parse("embeddings", "ntu60/multi/minilm@v12")
    assert (found.dataset, found.prompt_set, found.encoder, found.version) == ("ntu60", "multi", "minilm", 12)
    assert (found.split, found.visual) == ("", "")
    assert str(found) == "ntu60/multi/minilm@v12"
    features = Reference.parse("features", "ntu60/synse-55-5/stgcn")
    assert (features.split, features.visual, features.version) == ("synse-55-5", "stgcn", None)


@pytest.mark.parametrize(
    "text", ["../../x/y", "ntu60", "a/b/c/d", "a/b@v0", "a/b@" + "v" + "9" * 5000, "a/.b", "a/b@x"]
)
def test_other_forms_are_refused(text):
    with pytest.raises(UsageError):
        Reference.parse("descriptions", text)
