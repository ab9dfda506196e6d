"""Data sets: real pictures that are bundled or downloaded, folders of your own, and 2-D toys.

``load("fashion-mnist", "test")`` gives all of one split in memory. Importing this loads no torch.
"""

from explorer.data.base import SPLITS, Data, DatasetInfo, Progress, Spec, first_of
from explorer.data.catalog import at_hand, datasets, fetch, info, load, title, whole
from explorer.data.folders import Report, add_folder
from explorer.data.images import read_image
from explorer.data.toys import Mixture, mixture

__all__ = [
    "SPLITS",
    "Data",
    "DatasetInfo",
    "Mixture",
    "Progress",
    "Report",
    "Spec",
    "add_folder",
    "at_hand",
    "datasets",
    "fetch",
    "first_of",
    "info",
    "load",
    "mixture",
    "read_image",
    "title",
    "whole",
]
