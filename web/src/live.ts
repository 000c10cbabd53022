// Live without reload. The node says which panels have changed; each panel fetches itself again
// (its hx-trigger names the event). If the node falls silent, the page says so in a way that
// nobody can miss: what stands on it is old, and old news must not look like no news. A browser
// that finds its node again says which beat it heard last, and is told what came since.

import { setClock } from "./clock.ts";

const SILENCE_MS = 12_000; // the node speaks at least every 4 s
const RETRY_MS = 3_000;

interface Beat {
  now_s: number;
  panels: string[];
}

let lastHeard = performance.now();

function announce(panels: string[]): void {
  for (const panel of panels) document.body.dispatchEvent(new CustomEvent(`detente:${panel}`));
}

function heard(): void {
  lastHeard = performance.now();
  document.body.classList.remove("silent");
}

function watchSilence(): void {
  const silence = performance.now() - lastHeard;
  if (silence > SILENCE_MS) document.body.classList.add("silent");
}

/** Listen, and begin again when the node answers with anything but beats (it may be starting). */
function follow(url: URL): void {
  const source = new EventSource(url);
  source.addEventListener("beat", (event) => {
    const { data, lastEventId } = event as MessageEvent<string>;
    const beat = JSON.parse(data) as Beat;
    url.searchParams.set("since", lastEventId);
    setClock(beat.now_s);
    heard();
    announce(beat.panels);
  });
  // The session has ended: the server says so instead of letting the page grow old in silence.
  source.addEventListener("ended", () => location.reload());
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(() => follow(url), RETRY_MS);
  });
}

export function startLive(): void {
  const url = document.body.dataset["events"];
  if (!url) return;
  follow(new URL(url, location.href));
  setInterval(watchSilence, 1000);
}
