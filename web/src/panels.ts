// What happens when a panel's content is replaced: the keyboard focus stays where it was, what is
// new is marked for a while, and the page's title counts what waits for the officer.

const NEW_MS = 8000;
const DONE_MS = 8000;

let focused: string | null = null;
const known = new Map<string, Set<string>>();

const itemsOf = (panel: Element) => [...panel.querySelectorAll<HTMLElement>("[data-item]")];

function remember(panel: HTMLElement): void {
  known.set(panel.id, new Set(itemsOf(panel).map((item) => item.dataset["item"] ?? "")));
}

function markNew(panel: HTMLElement): void {
  const before = known.get(panel.id);
  remember(panel);
  if (!before) return;
  for (const item of itemsOf(panel)) {
    if (before.has(item.dataset["item"] ?? "")) continue;
    item.classList.add("new");
    setTimeout(() => item.classList.remove("new"), NEW_MS);
  }
}

function countInTitle(): void {
  const waiting = document.querySelectorAll("[data-waits]").length;
  const bare = document.title.replace(/^\(\d+\) /, "");
  document.title = waiting ? `(${waiting}) ${bare}` : bare;
}

/** "Done." goes after a while; "Not done." stays until the officer dismisses it. */
function leaveByItself(line: Element | null): void {
  if (line) setTimeout(() => line.remove(), DONE_MS);
}

export function startPanels(): void {
  document.querySelectorAll<HTMLElement>("[data-panel]").forEach(remember);
  countInTitle();
  document.addEventListener("click", (event) => {
    (event.target as Element).closest("[data-dismiss]")?.closest(".said-line")?.remove();
  });
  document.addEventListener("htmx:before:swap", () => {
    focused = document.activeElement?.id || null;
  });
  document.addEventListener("htmx:after:swap", () => {
    if (focused && document.activeElement === document.body) {
      document.getElementById(focused)?.focus({ preventScroll: true });
    }
    document.querySelectorAll<HTMLElement>("[data-panel]").forEach(markNew);
    countInTitle();
    leaveByItself(document.querySelector(".said-line.ok"));
  });
}
