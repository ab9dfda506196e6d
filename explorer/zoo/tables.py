"""The shipped models as tables of text: for the terminal and for pretrained/README.md."""

from typing import Any

from explorer import catalog, files
from explorer.names import family_name
from explorer.zoo.cards import STATES, Card, cards

BEGIN, END = "<!-- zoo: begin -->", "<!-- zoo: end -->"
UNKNOWN = "not recorded"
TERMS = {
    "reconstruction": "reconstruction",
    "KL": "KL",
    "x₀ error": "x₀ error",
    "classifier distance": "classifier distance",
    "modes covered": "modes",
}


def as_json(card: Card) -> dict[str, Any]:
    """All facts of a card but its picture."""
    shipped = card.shipped.model_dump(exclude={"samples"}) if card.shipped else {}
    facts = card.entry.header.facts if card.entry else {}
    about = {"name": card.name, "state": card.state, "problem": card.problem}
    return about | card.recipe.model_dump() | shipped | {"measured": facts.get("measured", {})}


def line(card: Card) -> str:
    """One line on the terminal."""
    size = f"{card.shipped.size / 1e6:.1f} MB" if card.shipped else ""
    family = family_name(card.recipe.family)
    head = f"{card.name:<28} {STATES[card.state]:<16} {family:<16} {card.recipe.data:<20}"
    return f"{head} {size:>8}  {card.title}"


def took(seconds: float | None) -> str:
    """A time of training for people."""
    if seconds is None:
        return UNKNOWN
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def figures(card: Card) -> str:
    """What was measured of it on held-out images when it was packed."""
    facts = card.entry.header.facts if card.entry else {}
    known, units = facts.get("measured", {}), facts.get("units", {})
    kind = units.get("reconstruction", "").partition(" ")[0]
    return ", ".join(
        f"{title} {known[term]:.3g}{f' {kind}' if term == 'reconstruction' else ''}"
        for term, title in TERMS.items()
        if term in known
    )


def markdown(found: list[Card]) -> str:
    """One table for each data set, of the models that are here."""
    there = [card for card in found if card.shipped]
    names = sorted({card.recipe.data for card in there})
    return "\n\n".join(_table(name, [c for c in there if c.recipe.data == name]) for name in names)


def in_readme(text: str, table: str) -> str:
    """A text with what stands between the two marks replaced."""
    head, _, rest = text.partition(BEGIN)
    return f"{head}{BEGIN}\n\n{table}\n\n{END}{rest.partition(END)[2]}"


def write_readme() -> None:
    """Bring the tables in the README beside the weight files up to date, if there is one."""
    path = catalog.FOLDER / "README.md"
    if path.is_file():
        text = in_readme(files.read_bytes(path).decode(), markdown(cards()))
        files.publish(path, text.encode())


def _table(name: str, there: list[Card]) -> str:
    rows = [f"Of `{name}`:", ""]
    heads = ["file", "what", "steps", "trained in", "on held-out images", "FID", "SHA-256 begins"]
    rows += [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    return "\n".join(rows + [_row(card) for card in there])


def _fid(card: Card) -> str:
    """The FID of its first standing on the board, with what drew the samples."""
    found = [s for s in card.standings if "FID" in s.scores]
    return f"{found[0].scores['FID'].value:.1f} {found[0].sampling}".strip() if found else ""


def _row(card: Card) -> str:
    one = card.shipped
    step = UNKNOWN if one.step is None else f"{one.step:,}"
    cells = [f"`{card.name}`", card.title, step, took(one.seconds), figures(card), _fid(card)]
    return f"| {' | '.join([*cells, one.sha256[:16]])} |"
