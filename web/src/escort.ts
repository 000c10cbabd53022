// The escort's page: its beats are what keeps a session open. Every two seconds it says that it is
// here and takes the live part of the page in return. If the node is not heard of, it says so
// large: the session then ends by itself, but nobody should have to trust that.

export {}; // a module: its names are its own

const BEAT_MS = 2_000;
const SILENCE_MS = 6_000;

let lastHeard = performance.now();

/** Each part is exchanged only when it has changed: no button moves under the finger. */
function take(html: string, live: HTMLElement): void {
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  if (fresh.content.querySelector("[data-over]")) return location.reload();
  for (const part of fresh.content.querySelectorAll<HTMLElement>("[data-part]")) {
    const old = live.querySelector<HTMLElement>(`[data-part="${part.dataset["part"]}"]`);
    if (old && old.innerHTML !== part.innerHTML) old.replaceWith(part);
  }
}

async function beat(url: string, token: string, live: HTMLElement): Promise<void> {
  try {
    const body = new URLSearchParams({ form_token: token });
    const answer = await fetch(url, { method: "POST", body, cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    const html = await answer.text();
    lastHeard = performance.now();
    document.body.classList.remove("silent");
    take(html, live);
  } catch {
    if (performance.now() - lastHeard > SILENCE_MS) document.body.classList.add("silent");
  }
}

const live = document.getElementById("live");
const { beat: url, token } = document.body.dataset;
if (live && url && token) {
  const go = (): void => void beat(url, token, live);
  go();
  setInterval(go, BEAT_MS);
}
