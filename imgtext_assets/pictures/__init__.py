"""Pictures from strangers: decode them safely, measure them, fingerprint them, compare them with what was promised.

Functions that take bytes are made for worker processes with limits (the `engine` room); those that take frames are
pure. What belongs here: all that knows Pillow. What does not: fetching, storing, and comparing one picture with
another.
"""

from imgtext_assets.pictures.contact_sheet import contact_sheet
from imgtext_assets.pictures.decode import PictureError, open_picture
from imgtext_assets.pictures.fingerprint import Fingerprint, fingerprint
from imgtext_assets.pictures.inspect import INSPECTIONS, Inspection, inspect
from imgtext_assets.pictures.remake import Remade, blob_remade, remade
from imgtext_assets.pictures.rights_text import FileRights, file_rights
from imgtext_assets.pictures.size import fails_declared_size, resolution_filter, resolution_rules
from imgtext_assets.pictures.verify import verify_table

__all__ = [
    "INSPECTIONS",
    "FileRights",
    "Fingerprint",
    "Inspection",
    "PictureError",
    "Remade",
    "blob_remade",
    "contact_sheet",
    "fails_declared_size",
    "file_rights",
    "fingerprint",
    "inspect",
    "open_picture",
    "remade",
    "resolution_filter",
    "resolution_rules",
    "verify_table",
]
