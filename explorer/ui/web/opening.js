// The opening goes when the film that it shows the first picture of stands in its place.
{
  const LONGEST = 10000; // ms
  const opening = document.getElementById("gm-opening");
  const chosen = Object.keys(localStorage).find((key) => key.startsWith("stActiveTheme-/"));
  const theme = /dark|light/i.exec((chosen && localStorage.getItem(chosen)) || "");
  if (theme) opening.style.colorScheme = theme[0].toLowerCase();

  const painted = () =>
    [...document.querySelectorAll('[data-testid^="stBidiComponent"]')].some(
      (host) => host.shadowRoot?.querySelector(".player[data-frames] canvas")?.clientWidth,
    );
  const said = () => document.querySelector('[data-testid="stAlert"], [data-testid="stDialog"]');
  const leave = () => requestAnimationFrame(() => opening.remove());
  const look = (now) =>
    painted() || said() || now > LONGEST || location.pathname !== start
      ? leave()
      : requestAnimationFrame(look);
  const start = location.pathname;
  requestAnimationFrame(look);
}
