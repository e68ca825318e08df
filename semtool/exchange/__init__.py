"""Import and export of the field's own file formats."""

from semtool.exchange.descriptions import Imported, import_descriptions
from semtool.exchange.embeddings import import_embeddings
from semtool.exchange.export import LAYOUTS, Exported, export

__all__ = ["LAYOUTS", "Exported", "Imported", "export", "import_descriptions", "import_embeddings"]
