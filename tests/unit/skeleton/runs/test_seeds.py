"""Seeds as users write them, and names of runs."""

import pytest

from semtool.errors import UsageError
from skeleton.runs.folder import check_name
from skeleton.runs.seeds import parse_seeds


@pytest.mark.parametrize(
    ("given", "meant"),
    [("3", (0, 1, 2)), (3, (0, 1, 2)), ("0", (0,)), ("0,1,2", (0, 1, 2)), ("0-4", (0, 1, 2, 3, 4)),
     ("7,", (7,)), ("1, 5-6", (1, 5, 6)), ([4, 2], (4, 2))],
)  # fmt: skip
def test_a_number_is_a_count_and_a_list_is_a_list(given, meant):
    assert parse_seeds(given) == meant


@pytest.mark.parametrize("given", ["", "x", "1,1", "-3", "4-2", "1.5"])
def test_what_is_neither_is_refused(given):
    with pytest.raises(UsageError, match="seeds"):
        parse_seeds(given)


@pytest.mark.parametrize("name", ["/abs", "a/b", "..", ".hidden", "a\\b", ""])
def test_the_name_of_a_run_is_no_path(name):
    with pytest.raises(UsageError, match="cannot be a name"):
        check_name(name)
