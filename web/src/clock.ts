// The clocks: the line's domain time, ages ("heard 4 s ago") and countdowns ("due in 12 min").
//
// The time is the node's, not this machine's: the page carries the node's time at the moment of
// writing, and what passes since is counted by a clock that nobody can set.

let base_s = 0; // domain time, POSIX seconds, when performance.now() was zero

/** Domain time now, POSIX seconds. */
export function now_s(): number {
  return base_s + performance.now() / 1000;
}

/** Take over the node's domain time (POSIX seconds) as of this moment. */
export function setClock(domain_s: number): void {
  base_s = domain_s - performance.now() / 1000;
}

/** "40 s", "12 min", "2 h 05 min", "3 d 4 h": never more precise than the reader needs. */
export function duration(seconds: number): string {
  const s = Math.floor(Math.abs(seconds));
  if (s < 90) return `${s} s`;
  const min = Math.floor(s / 60);
  if (min < 90) return `${min} min`;
  const h = Math.floor(min / 60);
  if (h < 36) return `${h} h ${String(min % 60).padStart(2, "0")} min`;
  return `${Math.floor(h / 24)} d ${h % 24} h`;
}

const DAY = new Intl.DateTimeFormat("en-GB", {
  weekday: "short",
  day: "2-digit",
  month: "short",
  year: "numeric",
  timeZone: "UTC",
});

/** A party has one age on the page: the newest that any panel carries, and the header's state. */
function shareAges(): void {
  const newest = new Map<string, number>();
  const ages = document.querySelectorAll<HTMLElement>("[data-heard]");
  for (const { dataset } of ages) {
    const party = dataset["heard"] ?? "";
    newest.set(party, Math.max(newest.get(party) ?? 0, Number(dataset["since"])));
  }
  for (const { dataset } of ages) dataset["since"] = `${newest.get(dataset["heard"] ?? "")}`;
  for (const state of document.querySelectorAll<HTMLElement>("[data-state-of]")) {
    const party = state.dataset["stateOf"] ?? "";
    const link = document.querySelector(`#links [data-peer="${CSS.escape(party)}"]`);
    if (!link) continue;
    const word = link.querySelector(".state")?.textContent ?? "";
    state.textContent = link.classList.contains("up") ? "" : ` (${word})`;
  }
}

function tick(): void {
  const now = now_s();
  shareAges();
  const iso = new Date(now * 1000).toISOString();
  for (const clock of document.querySelectorAll<HTMLElement>("[data-clock]")) {
    clock.textContent = iso.slice(11, 19);
  }
  for (const day of document.querySelectorAll<HTMLElement>("[data-clock-day]")) {
    day.textContent = DAY.format(now * 1000);
  }
  for (const age of document.querySelectorAll<HTMLElement>("[data-since]")) {
    age.textContent = `${duration(now - Number(age.dataset["since"]))} ago`;
  }
  for (const left of document.querySelectorAll<HTMLElement>("[data-until]")) {
    const seconds = Number(left.dataset["until"]) - now;
    const [before, after] = (left.dataset["words"] ?? "in |ago").split("|");
    left.textContent =
      seconds >= 0 ? `${before}${duration(seconds)}` : `${duration(seconds)} ${after}`;
    left.classList.toggle("past", seconds < 0);
  }
}

export function startClock(): void {
  const now = document.body.dataset["now"];
  if (!now) return;
  setClock(Number(now));
  tick();
  setInterval(tick, 500);
  document.addEventListener("htmx:after:swap", tick);
}
