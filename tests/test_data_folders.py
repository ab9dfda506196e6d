"""Folders and zips of images: layouts, splits, packs keyed by content, and everything hostile."""

import os
import stat
import struct
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer import data
from explorer.data import home, sources
from explorer.errors import InputError


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("EXPLORER_DATA", raising=False)


def pixels(seed: int) -> np.ndarray:
    """A picture of its own, 28 x 28 x 3."""
    return np.random.default_rng(seed).integers(0, 256, (28, 28, 3), dtype=np.uint8)


def picture(seed: int, kind: str = "PNG") -> bytes:
    file = BytesIO()
    Image.fromarray(pixels(seed)).save(file, kind)
    return file.getvalue()


def pictures(*names: str) -> dict[str, bytes]:
    return {name: picture(seed) for seed, name in enumerate(names)}


def make_folder(root: Path, content: dict[str, bytes]) -> Path:
    for name, content_of_one in content.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content_of_one)
    return root


def make_zip(path: Path, content: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content_of_one in content.items():
            archive.writestr(name, content_of_one)
    return path


def add(path: Path, **options) -> data.Report:
    return data.add_folder(path, **{"title": "Mine", "size": 28, "colour": True} | options)


def whole(name: str) -> dict[str, data.Data]:
    return {split: data.load(name, split) for split in data.SPLITS}


def images_of(found: data.Data) -> set[bytes]:
    return {image.tobytes() for image in found.x}


def reasons(report: data.Report) -> dict[str, str]:
    return dict(report.rejected)


# Layouts and splits


@pytest.mark.parametrize("make", [make_folder, make_zip])
def test_train_and_test_at_the_top_with_classes_below(tmp_path, make):
    names = [
        f"{split}/{label}/{i:04}.png"
        for split, n in (("train", 5), ("test", 2))
        for label in ("airplane", "truck")
        for i in range(n)
    ]
    content = pictures(*names)
    report = add(make(tmp_path / "set", content))
    assert (report.usable, report.total, report.rejected) == (14, 14, [])
    for split, found in whole(report.name).items():
        assert found.classes == ("airplane", "truck")
        mine = sorted(name for name in names if name.startswith(split))
        assert found.y.tolist() == [int("truck" in name) for name in mine]
        expected = [pixels(names.index(name)).transpose(2, 0, 1) for name in mine]
        assert np.array_equal(found.x, np.stack(expected))
    info = next(i for i in data.datasets() if i.name == report.name)
    assert (info.title, info.shape, info.train, info.test) == ("Mine", (3, 28, 28), 10, 4)
    assert info.available


def test_sub_folders_are_classes_and_one_in_ten_is_held_out(tmp_path):
    names = [f"{label}/deep/{i}.png" for label in ("cat", "dog") for i in range(25)]
    report = add(make_folder(tmp_path / "set", pictures(*names)), colour=False)
    train, test = whole(report.name).values()
    assert (len(train), len(test), train.x.shape[1:]) == (45, 5, (1, 28, 28))
    assert train.classes == test.classes == ("cat", "dog")
    assert np.bincount(np.concatenate([train.y, test.y])).tolist() == [25, 25]
    assert not images_of(train) & images_of(test)


def test_a_folder_around_everything_does_not_count(tmp_path):
    inner = {f"train/{c}/1.png": picture(ord(c)) for c in "ab"} | {"test/a/2.png": picture(7)}
    content = {f"download/set/{name}": image for name, image in inner.items()}
    report = add(make_zip(tmp_path / "a.zip", content))
    assert data.load(report.name).classes == ("a", "b")
    assert len(data.load(report.name, "test")) == 1


@pytest.mark.parametrize(
    "names",
    [
        ("1.png", "2.png", "3.png"),
        ("a/1.png", "a/2.png", "a/3.png"),
        ("a/1.png", "b/2.png", "3.png"),
    ],
)
def test_other_layouts_are_unlabelled(tmp_path, names):
    report = add(make_folder(tmp_path / "set", pictures(*names)))
    train, test = whole(report.name).values()
    assert (len(train), len(test)) == (2, 1)
    assert (train.y, test.y, train.classes) == (None, None, ())


def test_copies_of_a_held_out_picture_stay_together(tmp_path):
    content = {f"{seed}-{copy}.png": picture(seed) for seed in range(20) for copy in range(3)}
    train, test = whole(add(make_folder(tmp_path / "set", content)).name).values()
    assert (len(train), len(test)) == (54, 6)
    assert not images_of(train) & images_of(test)


def test_a_test_picture_that_is_also_in_train_is_listed(tmp_path):
    content = {
        "train/a/1.png": picture(1),
        "train/b/2.png": picture(2),
        "test/a/3.png": picture(1, "BMP"),
        "test/b/4.png": picture(4),
    }
    report = add(make_folder(tmp_path / "set", content))
    assert reasons(report) == {"test/a/3.png": "shows the same picture as one in train"}
    assert (report.usable, report.total) == (3, 4)
    train, test = whole(report.name).values()
    assert (train.y.tolist(), test.y.tolist()) == ([0, 1], [1])


def test_the_hold_out_depends_on_content_alone(tmp_path):
    names = [f"{i}.png" for i in range(30)]
    first = add(make_folder(tmp_path / "one", pictures(*names)))
    renamed = {f"x{29 - i}.png": picture(i) for i in range(30)}
    second = add(make_folder(tmp_path / "two", renamed))
    assert first.name != second.name
    tests = [images_of(data.load(report.name, "test")) for report in (first, second)]
    assert tests[0] == tests[1]


# Packs


def test_the_same_content_is_packed_once(tmp_path):
    content = pictures("a/1.png", "b/2.png", "b/3.png")
    first = add(make_folder(tmp_path / "one", content), title="First")
    pack = home.packs() / f"{first.name}.safetensors"
    stamp = pack.stat().st_mtime_ns
    again = add(make_folder(tmp_path / "two", content), title="Second")
    zipped = add(make_zip(tmp_path / "three.zip", content))
    assert first == again == zipped
    assert pack.stat().st_mtime_ns == stamp
    assert [path.name for path in home.packs().iterdir()] == [pack.name]
    assert next(i for i in data.datasets() if i.name == first.name).title == "First"
    others = [add(tmp_path / "one", size=32), add(tmp_path / "one", colour=False)]
    make_folder(tmp_path / "one", {"b/3.png": picture(99)})
    assert len({first.name, *(o.name for o in others), add(tmp_path / "one").name}) == 4


def test_the_pack_outlives_its_source(tmp_path):
    path = make_zip(tmp_path / "a.zip", pictures("1.png", "2.png"))
    name = add(path).name
    path.unlink()
    assert len(data.load(name)) == len(data.load(name, "test")) == 1


def test_progress_reaches_the_total(tmp_path):
    seen = []
    content = pictures("1.png", "2.png") | {"note.txt": b"hello"}
    add(make_folder(tmp_path / "set", content), progress=lambda *step: seen.append(step))
    assert seen == [(1, 3), (2, 3), (3, 3)]


# Files that cannot be used are listed, and nothing is written elsewhere


def test_unusable_files_are_listed_with_reasons(tmp_path):
    content = pictures("1.png", "2.png") | {
        "cut.png": picture(3)[:400],
        "empty.png": b"",
        "note.txt": b"hello",
        "huge.png": b"\0" * (20 * 2**20 + 1),
        "inner.zip": make_zip(tmp_path / "inner.zip", pictures("x.png")).read_bytes(),
        ".hidden.png": picture(4),
        ".git/5.png": picture(5),
        "__MACOSX/._1.png": b"resource fork",
    }
    folder = make_folder(tmp_path / "set", content)
    os.mkfifo(folder / "pipe.png")
    report = add(folder)
    assert (report.usable, report.total) == (2, 8)
    assert reasons(report) == {
        "cut.png": "is a damaged or cut-off image",
        "empty.png": "is not a PNG, JPEG, WebP, BMP or GIF image",
        "note.txt": "is not a PNG, JPEG, WebP, BMP or GIF image",
        "huge.png": "is 20.0 MB large; the limit is 20 MB",
        "inner.zip": "is not a PNG, JPEG, WebP, BMP or GIF image",
        "pipe.png": "is not a regular file",
    }


def test_links_that_leave_the_folder_are_not_followed(tmp_path):
    secret = make_folder(tmp_path / "set2", {"secret.png": picture(9)})
    folder = make_folder(tmp_path / "set", pictures("1.png", "2.png"))
    (folder / "out.png").symlink_to(secret / "secret.png")
    (folder / "up.png").symlink_to("../set2/secret.png")
    (folder / "away").symlink_to(secret)
    (folder / "inside.png").symlink_to(folder / "1.png")
    (folder / "broken.png").symlink_to("nowhere.png")
    (folder / "loop").symlink_to(folder)
    report = add(folder)
    leaves = "is a link that leaves the folder"
    assert reasons(report) == {
        "out.png": leaves,
        "up.png": leaves,
        "away": leaves,
        "broken.png": "cannot be read: No such file or directory",
        "loop": "is not a regular file",
    }
    assert report.usable == 3


def test_names_that_leave_the_archive_are_listed_and_never_written(tmp_path):
    evil = [
        "../up.png",
        "a/../../up.png",
        "/abs.png",
        "C:/drive.png",
        "C:\\drive2.png",
        "..\\up.png",
    ]
    content = pictures("1.png", "2.png", *evil)
    before = set(tmp_path.rglob("*")) | {Path("/abs.png")}
    report = add(make_zip(tmp_path / "a.zip", content))
    assert report.usable == 2
    assert {name.replace("\\", "/") for name in evil} == set(reasons(report))
    assert set(reasons(report).values()) == {"has a name that leaves the archive"}
    created = set(tmp_path.rglob("*")) - before
    assert {p.name for p in created if p.is_file()} == {"a.zip", f"{report.name}.safetensors"}


def test_links_encryption_and_odd_compression_in_archives_are_listed(tmp_path):
    path = make_zip(tmp_path / "a.zip", pictures("1.png", "2.png", "secret.png"))
    link = zipfile.ZipInfo("link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "1.png")
        archive.writestr("odd.png", picture(5), zipfile.ZIP_LZMA)
    raw = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the bit of encryption
        entry = raw.index(b"secret.png") if flags == 6 else raw.rindex(b"secret.png")
        raw[raw.rindex(signature, 0, entry) + flags] |= 1
    path.write_bytes(raw)
    assert reasons(add(path)) == {
        "link.png": "is a link",
        "odd.png": "is compressed in an unusual way",
        "secret.png": "is encrypted",
    }


def test_a_damaged_entry_does_not_spoil_the_others(tmp_path):
    path = make_zip(tmp_path / "a.zip", pictures("1.png", "2.png", "3.png"), zipfile.ZIP_STORED)
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"2.png") + 200] ^= 1
    path.write_bytes(raw)
    report = add(path)
    assert reasons(report) == {"2.png": "is damaged inside the archive"}
    assert report.usable == 2


def test_zip_bombs_are_not_unpacked(tmp_path):
    content = pictures("1.png", "2.png") | {"zeros.png": bytes(10 * 2**20)}
    report = add(make_zip(tmp_path / "a.zip", content))
    assert reasons(report) == {"zeros.png": "unpacks to more than 200 times its size"}


def test_a_bomb_that_lies_about_its_size_ends_at_the_announced_size(tmp_path):
    bomb = bytes(30 * 2**20)
    path = make_zip(tmp_path / "a.zip", pictures("1.png", "2.png") | {"bomb.png": bomb})
    raw = path.read_bytes().replace(struct.pack("<I", len(bomb)), struct.pack("<I", 1000))
    path.write_bytes(raw)
    assert reasons(add(path)) == {"bomb.png": "is damaged inside the archive"}


def test_a_flat_drawing_is_no_bomb(tmp_path):
    flat = BytesIO()
    Image.new("RGB", (100, 100), "navy").save(flat, "BMP")
    report = add(make_zip(tmp_path / "a.zip", pictures("1.png") | {"flat.bmp": flat.getvalue()}))
    assert (report.usable, report.rejected) == (2, [])


@pytest.mark.parametrize("make", [make_folder, make_zip])
def test_the_limits_of_count_and_bytes(tmp_path, monkeypatch, make):
    path = make(tmp_path / "set", pictures(*(f"{i}.png" for i in range(6))))
    monkeypatch.setattr(sources, "MAX_ENTRIES", 5)
    with pytest.raises(InputError, match="more than 5 files, the limit"):
        add(path)
    monkeypatch.setattr(sources, "MAX_ENTRIES", 6)
    monkeypatch.setattr(sources, "MAX_TOTAL", 5 * len(picture(0)))
    with pytest.raises(InputError, match=r"more than .* GB, the limit"):
        add(path)
    monkeypatch.undo()
    assert not list(home.packs().glob("*.safetensors"))


def test_a_zip_that_lies_about_its_number_of_entries_is_counted(tmp_path, monkeypatch):
    path = make_zip(tmp_path / "a.zip", pictures(*(f"{i}.png" for i in range(6))))
    raw = bytearray(path.read_bytes())
    raw[-14:-10] = struct.pack("<HH", 1, 1)
    path.write_bytes(raw)
    monkeypatch.setattr(sources, "MAX_ENTRIES", 5)
    monkeypatch.setattr(sources.zipfile, "ZipFile", lambda *_: pytest.fail("was opened"))
    with pytest.raises(InputError, match="more than 5 files"):
        add(path)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04", b"PK\x05\x06" + bytes(18), None])
def test_what_is_neither_a_folder_nor_a_zip_is_refused(tmp_path, content):
    path = tmp_path / "some.zip"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError) as problem:
        add(path)
    assert str(tmp_path) not in str(problem.value)


def test_a_pipe_in_place_of_a_zip_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe.zip")
    with pytest.raises(InputError, match="neither a folder nor a readable zip"):
        add(tmp_path / "pipe.zip")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({}, "No usable image was found; at least 2"),
        ({"a.txt": b"hello"}, r"No usable image was found \(a.txt is not a PNG"),
        ({"1.png": picture(1)}, "Only one distinct image"),
        ({"1.png": picture(1), "2.png": picture(1)}, "Only one distinct image"),
        ({"train/1.png": picture(1), "test/2.png": picture(1)}, "Only one distinct image"),
    ],
)
def test_too_few_images_are_an_input_error(tmp_path, content, said):
    (tmp_path / "set").mkdir()
    with pytest.raises(InputError, match=said):
        add(make_folder(tmp_path / "set", content))


@pytest.mark.parametrize("size", [0, 27, 65, 10**9, 28.5])
def test_other_sizes_are_refused(tmp_path, size):
    with pytest.raises(InputError, match="Choose 28, 32 or 64"):
        add(tmp_path, size=size)


def test_foreign_text_becomes_one_printable_line(tmp_path):
    folder = make_folder(tmp_path / "set", pictures("a\x1b[31m/1.png", "b\n/2.png"))
    with open(os.fsencode(folder) + b"/\xff\xfe.txt", "wb") as file:
        file.write(b"no image")
    report = add(folder, title="  <b>My\x00\n set</b> " + "x" * 200)
    info = next(i for i in data.datasets() if i.name == report.name)
    assert info.classes == ("a [31m", "b")
    assert info.title.startswith("<b>My   set</b> xxx")
    assert len(info.title) == 80
    assert [name for name, _ in report.rejected] == ["??.txt"]


def test_only_so_many_rejected_files_are_named(tmp_path):
    content = pictures("1.png", "2.png") | {f"{i}.txt": b"" for i in range(1100)}
    report = add(make_zip(tmp_path / "a.zip", content))
    assert (report.usable, report.total, len(report.rejected)) == (2, 1102, 1000)
