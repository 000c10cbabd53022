// One selection for lists and map: "conflict:<id>" or "activity:<party>/<id>".
//
// Anything with data-select selects when it is activated. Whoever wants to know listens for
// "detente:select" on the document; the map does, and sends the same event when it is clicked.

import type htmx from "htmx.org";

export interface Selection {
  kind: "conflict" | "activity";
  id: string;
}

let current: Selection | null = null;

/** What the page shows in detail when it arrives: the selection until another one is made. */
export function shownOnArrival(): Selection | null {
  const shown = document.querySelector<HTMLElement>("#detail [data-shown]")?.dataset["shown"];
  if (!shown) return null;
  const [kind, id] = parse(shown);
  return kind === "conflict" || kind === "activity" ? { kind, id } : null;
}

export function select(kind: string, id: string): void {
  if (kind !== "conflict" && kind !== "activity") return;
  current = { kind, id };
  document.dispatchEvent(new CustomEvent<Selection>("detente:select", { detail: current }));
}

function parse(text: string): [string, string] {
  const colon = text.indexOf(":");
  return [text.slice(0, colon), text.slice(colon + 1)];
}

/** Put the selection where the detail panel takes it from when it fetches itself again. */
function keep(): void {
  const field = document.getElementById("selected") as HTMLInputElement | null;
  if (field && current) field.value = `${current.kind}:${current.id}`;
}

/** Mark the rows of what is selected; again after every swap, for rows come and go. */
function mark(): void {
  for (const row of document.querySelectorAll<HTMLElement>("[data-select]")) {
    const [kind, id] = parse(row.dataset["select"] ?? "");
    const chosen = current?.kind === kind && current.id === id;
    if (chosen) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
}

export function startSelection(page: typeof htmx): void {
  const detail = document.getElementById("detail");
  if (!detail) return;
  // What is shown first stays selected, also when it is no longer the first.
  current = shownOnArrival();
  keep();
  mark();

  document.addEventListener("click", (event) => {
    const target = event.target as Element;
    const row = target.closest<HTMLElement>("[data-select]");
    // Buttons inside a row do what they say, not select the row.
    if (!row || (target.closest("button, a, input, select") ?? row) !== row) return;
    event.preventDefault();
    select(...parse(row.dataset["select"] ?? ""));
  });

  document.addEventListener("keydown", (event) => {
    const row = event.target as HTMLElement;
    if (!["Enter", " "].includes(event.key) || !row.matches("li[data-select]")) return;
    event.preventDefault();
    select(...parse(row.dataset["select"] ?? ""));
  });

  document.addEventListener("detente:select", () => {
    mark();
    if (!current) return;
    keep();
    void page.ajax("GET", `${detail.getAttribute("hx-get") ?? ""}`, {
      target: detail,
      swap: "innerHTML",
      values: { selected: `${current.kind}:${current.id}` },
    });
  });
  document.addEventListener("htmx:after:swap", mark);
}
