// Lists: selection with a bar of actions, the filter builder that follows the chosen field.
(() => {
  "use strict";
  const boxes = () => [...document.querySelectorAll("[data-select]")];
  const refresh = () => {
    const bar = document.getElementById("bulk-bar");
    if (!bar) return;
    const chosen = boxes().filter((box) => box.checked);
    bar.classList.toggle("is-open", chosen.length > 0);
    bar.querySelector("[data-selected-count]").textContent = String(chosen.length);
    boxes().forEach((box) => box.closest("tr").classList.toggle("is-chosen", box.checked));
    const all = document.querySelector("[data-select-all]");
    if (all) {
      all.checked = chosen.length > 0 && chosen.length === boxes().length;
      all.indeterminate = chosen.length > 0 && !all.checked;
    }
  };
  let last = null;
  document.addEventListener("click", (event) => {
    const box = event.target instanceof HTMLInputElement && event.target.matches("[data-select]") ? event.target : null;
    if (box && event.shiftKey && last) {
      const all = boxes();
      const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
      all.slice(from, to + 1).forEach((item) => { item.checked = box.checked; });
    }
    if (box) last = box;
    if (event.target.closest?.("[data-select-none]")) { boxes().forEach((item) => { item.checked = false; }); refresh(); }
  });
  document.addEventListener("change", (event) => {
    const target = event.target;
    if (target.matches("[data-select-all]")) boxes().forEach((box) => { box.checked = target.checked; });
    if (target.matches("[data-select], [data-select-all]")) refresh();
    const builder = target.closest("#filter-builder");
    if (builder && target.matches("[name=field], [name=operator]")) {
      const query = new URLSearchParams(new FormData(builder));
      if (target.name === "field") { query.delete("operator"); query.delete("value"); }
      const focus = target.id;
      window.htmx.ajax("GET", `${builder.getAttribute("action")}/filter?${query}`, { target: "#filter-builder", swap: "outerHTML" })
        .then(() => document.getElementById(focus)?.focus());
    }
  });
  document.addEventListener("dblclick", (event) => {
    const row = event.target.closest?.("[data-row]");
    if (row && !event.target.closest("a, input, button")) row.querySelector("[data-open]")?.click();
  });
  document.addEventListener("htmx:afterSettle", refresh);
  window.addEventListener("pageshow", refresh);
  refresh();
})();
