// The opening goes when the film that it shows the first picture of stands in its place.
{
  const PATIENCE = 5000; // ms that the film may come later than the words above it
  const opening = document.getElementById("gm-opening");
  const chosen = Object.keys(localStorage).find((key) => key.startsWith("stActiveTheme-/"));
  const theme = /dark|light/i.exec((chosen && localStorage.getItem(chosen)) || "");
  if (theme) opening.style.colorScheme = theme[0].toLowerCase();

  const start = location.pathname;
  let words = Infinity; // when they stood there
  const film = () =>
    [...document.querySelectorAll('[data-testid^="stBidiComponent"]')].some(
      (host) => host.shadowRoot?.querySelector(".player[data-frames] canvas")?.clientWidth,
    );
  const said = () => document.querySelector('[data-testid="stAlert"], [data-testid="stDialog"]');
  const look = (now) => {
    if (document.querySelector(".gm-hero")) words = Math.min(words, now);
    const over = film() || said() || now > words + PATIENCE || location.pathname !== start;
    requestAnimationFrame(over ? () => opening.remove() : look);
  };
  requestAnimationFrame(look);
}
