"""Every line of the course documents: where it is shown, our number and theirs, as Markdown."""

from explorer import files
from explorer.errors import ExplorerError
from explorer.lessons import numbers, reading
from explorer.lessons.doors import DOORS
from explorer.lessons.numbers import digits, given
from explorer.lessons.reading import BUNDLED, Place
from explorer.lessons.schema import Number

LINES = BUNDLED / "lines.json"
HEAD = ("Line", "Step", "Picture", "Pages", "What", "Document", "Here", "Judgement")


def lines() -> dict[str, str]:
    """The lines by their name, such as A.1; M: known mistakes, W: wishes, R: reference points."""
    return files.read_json(LINES)


def markdown() -> str:
    """One row for each number, and one for each step of a line that has none."""
    rows, seen = [_row(HEAD), _row(("---",) * len(HEAD))], set()
    for name, text in lines().items():
        for place in _showing(name):
            for cells in _cells(name, text, place):
                rows.append(_row((*cells[:2], _picture(place, seen), *cells[2:])))
    return "\n".join(rows) + "\n"


def is_bundled(place: Place) -> bool:
    """Whether a step is one of ours, which have pictures in the docs."""
    return (BUNDLED / f"{place.lesson.key}.json").is_file()


def picture(place: Place) -> str:
    """The file of a step's picture, below docs/images; scripts/pictures.py takes it."""
    return f"lessons/{place.name}.webp"


def _picture(place: Place, seen: set[str]) -> str:
    """The picture of a step, where the table shows it first."""
    if place.name in seen or not is_bundled(place):
        return ""
    seen.add(place.name)
    return f"![{place.name}](images/{picture(place)})"


def _showing(line: str) -> list[Place]:
    return [one for one in reading.places() if line in one.step.lines]


def _cells(name: str, text: str, place: Place) -> list[tuple[str, ...]]:
    """The rows of one line in one step."""
    step = place.step
    entries = reading.models(step, images=False).entries
    mistake = int(name.partition(".")[2]) if name.startswith("M.") else None
    pages = [one for one in step.pages if mistake is None or one.mistake in (None, mistake)]
    shown = ", ".join(dict.fromkeys(DOORS[one.page].title for one in pages))
    start = (
        f"**{name}** {text}",
        f"[{place.name}](/lessons?{_address(place)}) {step.title}",
        shown,
    )
    told = [(*start, *_number(one, entries)) for one in step.numbers]
    return told or [(*start, "", "", "", "")]


def _address(place: Place) -> str:
    return f"lesson={place.lesson.key}&step={place.number}"


def _number(one: Number, entries: tuple) -> tuple[str, str, str, str]:
    try:
        ours = numbers.found(one.ours, entries)
    except ExplorerError:
        ours = None
    verdict = numbers.judge(one, ours)
    theirs = "" if one.document is None else f"{given(one.document)} {one.unit}"
    here = f"{digits(ours.value)} {ours.unit}" if ours else "–"
    reason = f": {verdict.reason}" if verdict.reason else ""
    return one.what, theirs.strip(), here.strip(), f"{verdict.state}{reason}. {one.why}"


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
