"""Names of encoders."""

import sys
from importlib.metadata import EntryPoint

import pytest

from semtool.encoders import Options, encoder_names, families, find_encoder, parse_encoder, registry
from semtool.encoders.sentence_transformer import SentenceTransformerEncoder
from semtool.errors import UsageError


@pytest.fixture(autouse=True)
def _fresh():
    registry._plugins.cache_clear()
    yield
    registry._plugins.cache_clear()


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("minilm", "sentence-transformers:all-MiniLM-L6-v2"),
        ("sbert", "sentence-transformers:all-mpnet-base-v2"),
        ("clip", "open_clip:ViT-B-32/openai"),
        ("clip-l", "open_clip:ViT-L-14/openai"),
        ("openai", "openai:text-embedding-3-large"),
        ("openai:text-embedding-3-small", "openai:text-embedding-3-small"),
        ("sentence-transformers:all-mpnet-base-v2", "sentence-transformers:all-mpnet-base-v2"),
        ("tfidf", "tfidf"),
        ("attributes", "attributes"),
    ],
)
def test_aliases_and_full_names(name, full):
    assert find_encoder(name).card.name == full


def test_an_alias_and_its_full_name_share_a_folder():
    for name in ("mpnet", "sbert", "sentence-transformers:all-mpnet-base-v2"):
        assert registry.slug(parse_encoder(name)) == "sbert"
    assert registry.slug(parse_encoder("minilm*0.5+attributes")) == "minilm-x0.5+attributes"
    assert (
        registry.slug(parse_encoder("sentence-transformers:org/some model"))
        == "sentence-transformers-org-some-model"
    )


@pytest.mark.parametrize(
    "name", ["mimilm", "klip", "word2vec:x", "", "minilm+", "+", "openai:", "open_clip:ViT-B-32"]
)
def test_unknown_names_are_usage_errors(name):
    with pytest.raises(UsageError):
        parse_encoder(name)


def test_the_nearest_name_is_named():
    with pytest.raises(UsageError, match="did you mean 'minilm'"):
        find_encoder("minlm")


def test_a_path_needs_a_family(tmp_path):
    with pytest.raises(UsageError, match=f"sentence-transformers:{tmp_path}"):
        find_encoder(str(tmp_path))


def test_weights():
    parts = parse_encoder("minilm*0.5 + attributes")
    assert [(p.encoder.family, p.weight) for p in parts] == [
        ("sentence-transformers", 0.5),
        ("attributes", 1.0),
    ]


@pytest.mark.parametrize(
    "name", ["minilm*0+attributes", "minilm*-1+attributes", "minilm*x+attributes", "minilm*nan"]
)
def test_weights_have_to_be_positive_numbers(name):
    with pytest.raises(UsageError, match="positive number"):
        parse_encoder(name)


def test_the_same_encoder_twice_is_refused():
    with pytest.raises(UsageError, match="same encoder twice"):
        parse_encoder("sbert+mpnet")


def test_an_option_that_means_nothing_is_refused():
    with pytest.raises(UsageError, match="--base-url means nothing to the encoder 'minilm'"):
        find_encoder("minilm", Options(base_url="http://localhost"))
    with pytest.raises(UsageError, match="--dimensions"):
        parse_encoder("attributes", Options(dimensions=4))
    with pytest.raises(UsageError, match="at least 1"):
        find_encoder("minilm", Options(dimensions=0))


def test_in_a_combination_options_go_where_they_mean_something():
    text, codes = parse_encoder("minilm+attributes", Options(prefix="action: "))
    assert text.encoder.prefixed(["wave"]) == ["action: wave"]
    assert codes.encoder.options.prefix is None


def test_every_alias_has_a_card_without_loading():
    for name in encoder_names():
        card = find_encoder(name).card
        assert card.licence != "unknown"
        assert card.dim or name == "tfidf"


def plugins(monkeypatch, **values):
    points = [EntryPoint(name, value, registry.GROUP) for name, value in values.items()]
    monkeypatch.setattr("semtool.plugins.entry_points", lambda group: points)
    registry._plugins.cache_clear()


def test_a_plugin_appears_and_a_broken_one_is_named(monkeypatch, tmp_path):
    (tmp_path / "toy_plugin.py").write_text(
        "from semtool.encoders import Card, Encoder\n"
        "class Toy(Encoder):\n"
        "    family = 'toy'\n"
        "    aliases = {'toy': ''}\n"
        "    @property\n"
        "    def card(self): return Card(self.family, self.family, '')\n"
        "    def encode(self, texts, *, progress=None): ...\n"
        "class Thief(Toy):\n"
        "    family = 'tfidf'\n"
        "thing = 3\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    plugins(
        monkeypatch,
        toy="toy_plugin:Toy",
        thief="toy_plugin:Thief",
        gone="no_such_module:X",
        thing="toy_plugin:thing",
    )
    assert find_encoder("toy").card.name == "toy"
    assert find_encoder("toy:small").model == "small"
    assert families()["tfidf"].__module__ == "semtool.encoders.tfidf"
    problems = " / ".join(registry.plugin_problems())
    assert "no_such_module:X of the package no_such_module cannot be used: ModuleNotFoundError" in problems
    assert (
        "toy_plugin:thing of the package toy_plugin cannot be used: TypeError: it is not a subclass"
        in problems
    )
    assert "the name 'tfidf' is another one's" in problems
    with pytest.raises(UsageError, match="no_such_module:X of the package"):
        find_encoder("gone")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("raise RuntimeError('no licence file')", "RuntimeError: no licence file"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("class Toy(Encoder): family = 'toy'", "it lacks card and encode"),
        ("class Toy(Good): family = 7", "no family name"),
        ("class Toy(Good): aliases = ['toy']", "aliases are not names"),
        ("class Toy(Good): settings = {'colour'}", "none of semtool's options"),
        ("class Toy(Good): card = {'name': 'toy'}", "its card is"),
        ("class Toy(Good):\n    def __init__(self, *a): sys.exit('bye')", "SystemExit: bye"),
    ],
)
def test_a_plugin_that_breaks_its_contract_is_one_sentence_and_the_rest_works(
    code, says, monkeypatch, tmp_path, cli
):
    (tmp_path / "toy_broken.py").write_text(
        "import sys\nprint('hello from the plug-in')\nfrom semtool.encoders import Card, Encoder\n"
        "class Good(Encoder):\n    family = 'toy'\n    aliases = {'toy': ''}\n"
        "    card = property(lambda self: Card('toy', 'toy', ''))\n"
        f"    def encode(self, texts, *, progress=None): sys.exit(4)\n{code}\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "toy_broken", raising=False)
    plugins(monkeypatch, toy="toy_broken:Toy")
    (problem,) = registry.plugin_problems()
    assert problem.startswith("the encoder toy_broken:Toy of the package toy_broken cannot be used: ")
    assert says in problem
    listed = cli("encoders", "list", "--json")
    assert listed.json()["problems"] == [problem]  # and nothing that the plug-in prints
    assert find_encoder("tfidf").card.name == "tfidf"


def test_an_encoder_that_fails_while_it_encodes_is_one_sentence(letters):
    from semtool.encoders import encode_texts
    from semtool.errors import SemtoolError

    for error in (ValueError("no memory"), SystemExit(2)):

        class Failing(letters):
            def encode(self, texts, *, progress=None, error=error):
                raise error

        with pytest.raises(SemtoolError, match=r"the encoder letters:a of the package .* failed: "):
            encode_texts(Failing(), ["wave"])


class Derived(SentenceTransformerEncoder):
    """A family of another package that loads its models as a built-in one does."""

    family = "derived"
    aliases = {"derived": "a/model"}  # noqa: RUF012
    organisation = "somebody"


def test_a_family_may_be_derived_from_a_built_in_one():
    assert Derived("a/model").card.name == "derived:a/model"
