"""The colours of the house, said once for config.toml, the style sheet and the figures.

A gallery is white or dark, the pictures carry the colour: paper and ink, one accent (ultramarine),
and categorical colours for data. A pair is always (on light, on dark).
"""

PAPER = ("#FBFAF7", "#121316")
SURFACE = ("#F2F1EC", "#1B1C21")
INK = ("#17181C", "#EDEBE6")
MUTED = ("#5F616A", "#A3A5AE")
LINE = ("#E1DFD8", "#2F3138")
ACCENT = ("#2F4FD0", "#93A5FF")

# Read on both papers (contrast >= 3 against either) and, in this order, the first four stay apart
# for normal, protan, deutan and tritan eyes (OKLab distance >= 0.1 after Machado et al. 2009); from
# the fifth on give a second cue too: a dash, a symbol, a direct label.
CATEGORICAL = (
    "#3F67E2",  # blue
    "#C08305",  # ochre
    "#E0398F",  # magenta
    "#6B6612",  # olive
    "#06959C",  # teal
    "#9043A6",  # purple
    "#8688E0",  # periwinkle
    "#C45A55",  # rose
    "#3B8F57",  # green
    "#7F828C",  # grey
)

# What a run is doing, as text on paper (contrast >= 4.5 against paper and surface).
STATES = {
    "waiting": ("#8A5A00", "#E0B04A"),
    "running": ACCENT,
    "paused": ("#8A5A00", "#E0B04A"),
    "interrupted": ("#A34A12", "#F2A172"),
    "stopped": MUTED,
    "done": ("#1F7A4D", "#6FCF9C"),
    "failed": ("#B3262E", "#FF8F8A"),
    "damaged": ("#B3262E", "#FF8F8A"),
}
