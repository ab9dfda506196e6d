"""Full data sets from the network, through torchvision: the only module here that imports torch.

torch costs a process 640 MB, so this runs in a process of its own (a command, a worker).
torchvision downloads into a temporary folder and checks MD5 sums; what is kept is then published
file by file, so an interrupted download leaves nothing that looks complete.
"""

import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from explorer import files
from explorer.data import celeba, cifar, cifar_zip, home, idx
from explorer.data.base import Progress
from explorer.errors import ResourceError

TIMEOUT = 30  # seconds without a byte
NEEDED = {  # name -> what a torchvision root must hold, bytes to download
    "mnist-full": ("MNIST/raw", 11_594_722),
    "fashion-mnist-full": ("FashionMNIST/raw", 30_878_645),
    "cifar10": (cifar.FOLDER, 170_498_071),
    "cifar10-birds": (cifar.FOLDER, 170_498_071),
    "celeba": (f"{celeba.FOLDER}/{celeba.IMAGES}", 1_443_490_838),
}


def missing(name: str, title: str) -> str:
    """What to tell someone who asks for a set that is not on this machine."""
    return f"The data set {title} is not on this machine. " + _ways_out(name)


def fetch(name: str, title: str, progress: Progress | None) -> None:
    """Download one of NEEDED (ResourceError when that fails) and keep it in the cache folder.

    ``progress`` counts bytes; while CelebA's faces are packed it starts again and counts images.
    """
    if name == "celeba" and (found := celeba.folder(home.roots())):
        celeba.pack(found, progress)
        return
    with tempfile.TemporaryDirectory(dir=files.make_folder(home.home()), prefix="part-") as part:
        _download(name, title, Path(part), progress)
        _keep(name, Path(part), progress)


def _download(name: str, title: str, root: Path, progress: Progress | None) -> None:
    import gdown

    try:
        with _metered(NEEDED[name][1], progress):
            _torchvision(name)(root)
    except (OSError, RuntimeError, gdown.exceptions.DownloadError) as problem:
        # torchvision's and Google Drive's words for: no network, wrong MD5, too many downloads
        raise ResourceError(f"{title} could not be downloaded. {_ways_out(name)}") from problem


def _ways_out(name: str) -> str:
    bundled = "mnist" if name == "mnist-full" else "fashion-mnist"
    *named, _ = home.roots()
    lost = "" if all(root.is_dir() for root in named) else "EXPLORER_DATA names no folder. "
    held = NEEDED[name][0]
    if name.startswith("cifar10"):
        held += f" or {cifar_zip.NAME}"
    return (
        f"{lost}Run `python -m explorer fetch {name}` while online, let EXPLORER_DATA name a "
        f"folder that holds {held}, or use {bundled}, which works offline."
    )


def _torchvision(name: str) -> Callable[[Path], Any]:
    from torchvision import datasets

    def cifar10(root: Path) -> None:
        # Only downloaded and unpacked: constructing torchvision's class would unpickle the batches.
        source = datasets.CIFAR10
        datasets.utils.download_and_extract_archive(
            source.url, root, filename=source.filename, md5=source.tgz_md5
        )

    return {
        "mnist-full": lambda root: datasets.MNIST(root, download=True),
        "fashion-mnist-full": lambda root: datasets.FashionMNIST(root, download=True),
        "cifar10": cifar10,
        "cifar10-birds": cifar10,
        "celeba": lambda root: datasets.CelebA(root, download=True),
    }[name]


@contextmanager
def _metered(total: int, progress: Progress | None) -> Iterator[None]:
    """Listen to the downloads: torchvision's through the bar it draws, Google Drive's as it offers.

    Neither has a time limit of its own.
    """
    import gdown
    from torchvision.datasets import utils

    done = 0

    def received(count: int) -> None:
        nonlocal done
        done += count
        if progress:
            progress(min(done, total), total)

    class Meter:
        def __init__(self, **_: Any):
            pass

        def __enter__(self) -> "Meter":
            return self

        def __exit__(self, *_: Any) -> None:
            pass

        update = staticmethod(received)

    def from_drive(**asked: Any) -> Any:
        so_far = 0

        def tell(now: int, _: int | None) -> None:
            nonlocal so_far
            received(now - so_far)
            so_far = now

        return drive(**asked | {"quiet": True, "progress": tell, "timeout": TIMEOUT})

    bar, drive, timeout = utils.tqdm, gdown.download, socket.getdefaulttimeout()
    utils.tqdm, gdown.download = Meter, from_drive
    socket.setdefaulttimeout(TIMEOUT)
    try:
        yield
    finally:
        utils.tqdm, gdown.download = bar, drive
        socket.setdefaulttimeout(timeout)


def _keep(name: str, root: Path, progress: Progress | None) -> None:
    if name == "celeba":
        celeba.pack(root / celeba.FOLDER, progress)
        return
    pattern = (
        f"{cifar.FOLDER}/*_batch*"
        if name.startswith("cifar10")
        else f"{idx.FOLDERS[name]}/raw/*.gz"
    )
    for path in sorted(root.glob(pattern)):
        target = home.home() / path.relative_to(root)
        files.make_folder(target.parent)
        with path.open("rb") as source:
            files.publish_with(target, lambda file, source=source: shutil.copyfileobj(source, file))
