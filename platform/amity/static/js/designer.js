// The designer: what is typed goes to the server by itself, buttons act without a new page, things are dragged.
//
// The form is the draft and the server keeps nothing. So an answer may be thrown away and asked for again: it is,
// whenever the form says something else than it did when it was sent. One request is under way at a time; a press
// waits for another press and ends an automatic request; nothing ends a press.
(() => {
  "use strict";
  const DELAY = 250;
  const TEXT = "textarea, input:not([type=checkbox]):not([type=radio]):not([type=hidden])";
  const form = () => document.getElementById("designer");
  const said = () => JSON.stringify([...new FormData(form())]);
  const presses = [];
  let flight = null;
  let shown = "";
  let timer = 0;
  let holding = false; // a pointer is down: a swap now would take the button away from under it

  // -- sending -------------------------------------------------------------------------------------
  const editing = () => {
    const active = document.activeElement;
    return form().contains(active) && active.name
      && ((active.matches(TEXT) && active.value !== active.defaultValue) || active.matches("select:open"));
  };
  const send = (what) => {
    clearTimeout(timer);
    flight = { what, said: said(), failed: true, late: false };
    window.htmx.ajax("POST", form().getAttribute("action"),
      { source: form(), target: "#designer", swap: "outerHTML", values: what ? { do: what } : {} })
      .catch(() => {}).then(landed);
  };
  const next = () => {
    if (flight || holding || !presses.length) return;
    send(presses.shift());
  };
  const look = () => {
    if (flight || presses.length) next();
    else if (!holding && !editing() && said() !== shown) send("");
  };
  const soon = () => { clearTimeout(timer); timer = setTimeout(look, DELAY); };
  const press = (what) => {
    presses.push(what);
    if (flight && !flight.what) window.htmx.trigger(form(), "htmx:abort");
    next();
  };
  const landed = () => {
    const { what, failed, late, kept } = flight;
    flight = null;
    if (late) {
      if (what) presses.unshift(what);
      soon();
    } else if (kept) {
      shown = said();
      restore(kept, what);
      enable();
      next();
    } else if (failed && what) presses.length = 0; // what went wrong is said at the top; the form is as it was
    else next();
  };
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!flight || event.detail.target?.id !== "designer" || !event.detail.shouldSwap) return;
    if (!event.detail.serverResponse.includes('id="designer"')) { // a page about an error: the draft stays
      event.detail.shouldSwap = false;
      event.detail.isError = true;
      return;
    }
    flight.failed = false;
    flight.late = holding || said() !== flight.said || (!flight.what && editing());
    if (flight.late) event.detail.shouldSwap = false;
    else flight.kept = keep();
  });

  // -- what stays through a swap --------------------------------------------------------------------
  const keyOf = (element) => {
    if (element.id) return `#${CSS.escape(element.id)}`;
    return element.name ? `[name="${CSS.escape(element.name)}"][value="${CSS.escape(element.value)}"]` : "";
  };
  const keep = () => {
    const active = form().contains(document.activeElement) ? document.activeElement : null;
    return {
      open: [...form().querySelectorAll("details[id]")].map((box) => [box.id, box.open]),
      kept: [...form().querySelectorAll("[data-icon-search]")].map((input) => [input.id, input.value]),
      scrolled: [...form().querySelectorAll("[id]")].filter((box) => box.scrollTop).map((box) => [box.id, box.scrollTop]),
      focus: active ? keyOf(active) : "",
      range: active?.matches(TEXT) && active.selectionStart !== null ? [active.selectionStart, active.selectionEnd] : null,
      top: active?.getBoundingClientRect().top,
    };
  };
  const restore = (kept, what) => {
    for (const [id, open] of kept.open) {
      const box = document.getElementById(id);
      if (box && !("forced" in box.dataset)) box.open = open;
    }
    for (const [id, text] of kept.kept) {
      const input = document.getElementById(id);
      if (input) { input.value = text; findIcons(input); }
    }
    for (const [id, top] of kept.scrolled) document.getElementById(id)?.scrollTo(0, top);
    const goal = what ? document.getElementById(form().dataset.goal) : null;
    if (goal) {
      if (!goal.matches("input, select, textarea, button, a")) goal.tabIndex = -1;
      goal.focus({ preventScroll: true });
      goal.select?.();
      (goal.closest(".field") ?? goal).scrollIntoView({ block: "nearest" });
      return;
    }
    const place = kept.focus ? form().querySelector(kept.focus) : null;
    if (!place) return;
    if (document.activeElement !== place) place.focus({ preventScroll: true });
    if (kept.range && place.matches(TEXT)) place.setSelectionRange(...kept.range);
    window.scrollBy(0, place.getBoundingClientRect().top - kept.top);
  };

  // -- the icon picker -----------------------------------------------------------------------------
  const findIcons = (input) => {
    const words = input.value.toLowerCase().split(/[\s-]+/).filter(Boolean);
    let found = 0;
    for (const choice of form().querySelectorAll(".icon-choice")) {
      const text = ` ${choice.dataset.words}`;
      choice.hidden = !words.every((word) => text.includes(` ${word}`)) || (words.length > 0 && !choice.dataset.words);
      if (!choice.hidden) found += 1;
    }
    form().querySelector("[data-icon-none]").hidden = found > 0;
  };

  // -- dragging ------------------------------------------------------------------------------------
  const drop = (event) => {
    // What the section's inputs say follows where the field lies now.
    const { item, to } = event;
    const number = to.dataset.place;
    const input = item.querySelector("input[type=hidden]") ?? document.createElement("input");
    input.type = "hidden";
    input.name = `section-${number}-field`;
    input.value = item.dataset.placed;
    if (number === "") input.remove(); else item.prepend(input);
    item.querySelector("select").value = number;
    press("layout");
  };
  const moved = ({ item, from, to, oldDraggableIndex, newDraggableIndex }) => {
    if (from === to && oldDraggableIndex === newDraggableIndex) return;
    press(`place:${item.dataset.step}@${to.dataset.steps}/${newDraggableIndex}`);
  };
  const enable = () => {
    if (!form() || !window.Sortable) return;
    const make = (box, options) => window.Sortable.create(box, { handle: ".designer-grip", animation: 120, ...options });
    form().querySelectorAll("[data-sortable]").forEach((list) => make(list, {
      onEnd: () => press(`order:${JSON.stringify([...list.children].map((item) => item.dataset.name))}`),
    }));
    form().querySelectorAll("[data-place]").forEach((list) => make(list, { group: "placed", onEnd: drop }));
    form().querySelectorAll("[data-steps]").forEach((list) => make(list, {
      group: "steps", draggable: ".flow-step", fallbackOnBody: true, invertSwap: true, onEnd: moved,
    }));
    form().querySelectorAll("[data-sections]").forEach((box) => make(box, {
      handle: ".section-grip", draggable: ".layout-section", onEnd: () => press("layout"),
    }));
  };

  // -- listening -----------------------------------------------------------------------------------
  if (!form() || !window.htmx) return;
  const within = (event) => event.target instanceof Element && event.target.closest("#designer");
  for (const name of ["change", "focusout"]) document.addEventListener(name, (event) => { if (within(event)) soon(); });
  document.addEventListener("input", (event) => { if (within(event) && presses.length) soon(); });
  document.addEventListener("input", (event) => { if (event.target.matches?.("[data-icon-search]")) findIcons(event.target); });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches?.("[data-icon-search]")) event.preventDefault();
  });
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!within(event) || button?.name !== "do" || button.hasAttribute("formaction")) return;
    event.preventDefault();
    press(button.value);
  });
  document.addEventListener("pointerdown", (event) => { holding = Boolean(within(event)); });
  const letGo = () => {
    if (!holding) return;
    // The click comes after this event.
    setTimeout(() => { holding = false; next(); soon(); });
  };
  for (const name of ["pointerup", "pointercancel", "dragend", "blur"]) window.addEventListener(name, letGo);
  shown = said();
  enable();
})();
