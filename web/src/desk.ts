// The desk: the one place where an officer writes. Live refreshing never touches it, so nothing
// typed is ever lost to news; only the officer replaces what lies there, and is asked first.

function dirty(desk: HTMLElement): boolean {
  const fields = desk.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>(
    "input[type=text], textarea",
  );
  return [...fields].some((field) => field.value !== field.defaultValue);
}

function close(desk: HTMLElement): void {
  desk.replaceChildren();
  document.dispatchEvent(new CustomEvent("detente:desk"));
}

export function startDesk(): void {
  const desk = document.getElementById("desk");
  if (!desk) return;

  let opener: string | null = null;
  const mayReplace = () =>
    !dirty(desk) || window.confirm("Discard what you have typed on the desk?");

  document.addEventListener("htmx:before:request", (event) => {
    const { ctx } = (event as CustomEvent<{ ctx: { target: Element; sourceElement: Element } }>)
      .detail;
    if (ctx.target !== desk || desk.contains(ctx.sourceElement)) return;
    opener = ctx.sourceElement.id || null;
    if (!mayReplace()) event.preventDefault();
  });

  document.addEventListener("htmx:after:swap", (event) => {
    const { ctx } = (event as CustomEvent<{ ctx: { target: Element } }>).detail;
    if (ctx.target !== desk) return;
    const first = desk.querySelector<HTMLElement>("[autofocus], [data-first]");
    first?.focus();
    document.dispatchEvent(new CustomEvent("detente:desk"));
  });

  // The node has done what the form asked for.
  document.addEventListener("detente:done", () => close(desk));

  const leave = () => {
    if (!mayReplace()) return;
    close(desk);
    if (opener) document.getElementById(opener)?.focus();
  };
  desk.addEventListener("click", (event) => {
    if ((event.target as Element).closest("[data-close]")) leave();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && desk.childElementCount) leave();
  });
}
