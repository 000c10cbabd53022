// Live without reload. The node says which panels have changed; each panel fetches itself again
// (its hx-trigger names the event). If the node falls silent, the page says so in a way that
// nobody can miss: what stands on it is old, and old news must not look like no news.

import { setClock } from "./clock.ts";

const SILENCE_MS = 12_000; // the node speaks at least every 4 s

interface Beat {
  now_s: number;
  panels: string[];
}

let lastHeard = performance.now();

function announce(panels: string[]): void {
  for (const panel of panels) document.body.dispatchEvent(new CustomEvent(`detente:${panel}`));
}

function everyPanel(): string[] {
  const panels = [...document.querySelectorAll<HTMLElement>("[data-panel]")];
  return [...new Set(panels.map((p) => p.dataset["panel"] ?? ""))].filter(Boolean).concat("map");
}

function heard(): void {
  lastHeard = performance.now();
  if (document.body.classList.contains("silent")) {
    document.body.classList.remove("silent");
    announce(everyPanel()); // whatever was missed meanwhile
  }
}

function watchSilence(): void {
  const silence = performance.now() - lastHeard;
  if (silence > SILENCE_MS) document.body.classList.add("silent");
}

export function startLive(): void {
  const url = document.body.dataset["events"];
  if (!url) return;
  const source = new EventSource(url);
  source.addEventListener("beat", (event) => {
    const beat = JSON.parse((event as MessageEvent<string>).data) as Beat;
    setClock(beat.now_s);
    heard();
    announce(beat.panels);
  });
  // The session has ended: the server says so instead of letting the page grow old in silence.
  source.addEventListener("ended", () => location.reload());
  setInterval(watchSilence, 1000);
}
