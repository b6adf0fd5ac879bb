// Relation pickers: a <select> becomes a search box over the records of an entity (tom-select).
(() => {
  "use strict";
  const enhance = (select) => {
    if (select.tomselect || typeof window.TomSelect === "undefined") return;
    const several = select.multiple;
    const search = (query, done) => {
      const address = new URL(select.dataset.pickerUrl, location.href);
      address.searchParams.set("q", query);
      if (select.dataset.pickerEntities) address.searchParams.set("entities", select.dataset.pickerEntities);
      fetch(address,
        { headers: { Accept: "application/json" }, credentials: "same-origin" })
        .then((answer) => (answer.ok ? answer.json() : { options: [] }))
        .then((found) => done(found.options))
        .catch(() => done());
    };
    const label = document.querySelector(`label[for="${CSS.escape(select.id)}"]`);
    const control = new window.TomSelect(select, {
      valueField: "value", labelField: "title", searchField: [], sortField: [{ field: "$order" }],
      maxOptions: 50, allowEmptyOption: false, preload: false, loadThrottle: 200,
      placeholder: select.dataset.placeholder || "", hidePlaceholder: true, closeAfterSelect: !several,
      plugins: several ? ["remove_button"] : (select.required ? [] : ["clear_button"]),
      score: () => () => 1,
      shouldLoad: () => true,
      load(query, done) { control.clearOptions((option) => control.items.includes(option.value)); search(query, done); },
      render: { no_results: () => null },
    });
    // tom-select takes the label for its own input; the <select> behind it is not for reading.
    const name = select.getAttribute("aria-label") || label?.textContent.replace("*", "").trim() || "";
    select.setAttribute("aria-hidden", "true");
    control.control_input.setAttribute("aria-label", name);
    const described = select.getAttribute("aria-describedby");
    if (described) control.control_input.setAttribute("aria-describedby", described);
    if (select.getAttribute("aria-invalid")) control.control_input.setAttribute("aria-invalid", "true");
  };
  const all = (root) => root.querySelectorAll?.("select[data-picker-url]").forEach(enhance);
  all(document);
  document.addEventListener("htmx:afterSwap", (event) => all(event.detail.target.parentElement ?? document));
  document.addEventListener("amity:added", (event) => all(event.target));
})();
