// The guest's page: it goes blank as soon as the session is over, or the node is not heard of. It
// asks every two seconds whether the session goes on, counts the remaining time down, and loads
// itself again when the escort has answered something. What was shown once was shown; this only
// keeps it from staying on the screen.

export {}; // a module: its names are its own

const ASK_MS = 2_000;
const SILENCE_MS = 8_000;

interface State {
  open: boolean;
  left_s: number;
  answered: number;
}

let lastHeard = performance.now();
let left = { s: 0, at: performance.now() };

function blank(): void {
  document.body.replaceChildren();
  location.replace("/desk/");
}

async function ask(url: string): Promise<State | undefined> {
  try {
    const answer = await fetch(url, { cache: "no-store" });
    if (!answer.ok) return { open: false, left_s: 0, answered: 0 };
    return (await answer.json()) as State;
  } catch {
    return undefined;
  }
}

async function follow(url: string): Promise<void> {
  const state = await ask(url);
  if (state === undefined) {
    if (performance.now() - lastHeard > SILENCE_MS) blank();
    return;
  }
  lastHeard = performance.now();
  if (!state.open) return blank();
  left = { s: state.left_s, at: performance.now() };
  const typing = document.querySelector<HTMLTextAreaElement>("textarea")?.value;
  if (String(state.answered) !== document.body.dataset["answered"] && !typing) location.reload();
}

function count(): void {
  const shown = document.querySelector<HTMLElement>("[data-left]");
  if (!shown) return;
  const s = Math.max(0, Math.floor(left.s - (performance.now() - left.at) / 1000));
  const two = (n: number): string => String(n).padStart(2, "0");
  shown.textContent = `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

/** Where no session is open the page waits for one. */
async function wait(url: string): Promise<void> {
  const state = await ask(url);
  if (state?.open) location.replace("/desk/");
}

const shown = document.querySelector<HTMLElement>("[data-left]");
if (shown) left.s = Number(shown.dataset["left"]);
const { state, waits } = document.body.dataset;
if (state) {
  setInterval(() => void follow(state), ASK_MS);
  setInterval(count, 1_000);
} else if (waits) {
  setInterval(() => void wait(waits), ASK_MS);
}
// A page that the browser kept for going back must not come up again.
addEventListener("pageshow", (event) => {
  if (event.persisted) blank();
});
