"""What is FID? Two Gaussians to drag, pictures made worse, too few samples, and a quiz."""

from explorer.lesson import Lesson, lesson
from explorer.ui import theme
from explorer.ui.asking import guarded
from explorer.ui.fid_corruptions import corruptions
from explorer.ui.fid_counts import counts, seeds
from explorer.ui.fid_disagreement import verdicts
from explorer.ui.fid_formula import formula
from explorer.ui.fid_quiz import quiz


def known() -> Lesson | None:
    """What was measured beforehand; a damaged file is told and takes nothing else along."""
    with guarded():
        return lesson()
    return None


theme.show(
    theme.hero(
        "What is FID?",
        "Two clouds of features, two Gaussians, one distance: the number by which generative "
        "models are ranked. Take it apart, then try to fool it.",
    )
)
formula()
found = known()
with guarded():
    corruptions(found)
if found:
    for part in (verdicts, counts, seeds, quiz):
        with guarded():
            part(found)
