"""The catalogue, as data: data sets, class splits, sample protocols, action facts, attribute vocabulary."""

from semtool.catalogue.bank import SHARED, ActionFacts, load_bank
from semtool.catalogue.checks import gaps, twins
from semtool.catalogue.dataset import ActionClass, Dataset, SampleProtocol, Split, plain
from semtool.catalogue.loader import dataset_names, load_dataset, read_yaml
from semtool.catalogue.typed import typed_dataset
from semtool.catalogue.vocabulary import Field, Value, Vocabulary, load_vocabulary

__all__ = [
    "ActionClass",
    "ActionFacts",
    "Dataset",
    "Field",
    "SampleProtocol",
    "Split",
    "Value",
    "Vocabulary",
    "dataset_names",
    "load_bank",
    "load_dataset",
    "load_vocabulary",
    "typed_dataset",
]
