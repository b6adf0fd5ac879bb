// Drag and drop in the designer's list of fields. Without it the arrows do the same.
(() => {
  "use strict";
  const enable = (root) => {
    const list = root.querySelector ? root.querySelector("[data-sortable]") : null;
    if (!list || !window.Sortable || list.dataset.ready) return;
    list.dataset.ready = "yes";
    window.Sortable.create(list, {
      handle: ".designer-grip",
      animation: 120,
      onEnd: () => {
        const form = list.closest("form");
        const names = [...list.children].map((item) => item.dataset.name).join(",");
        const order = document.createElement("input");
        order.type = "hidden";
        order.name = "do";
        order.value = `order:${names}`;
        form.append(order);
        window.htmx.trigger(form, "reorder");
      },
    });
  };
  document.addEventListener("DOMContentLoaded", () => enable(document));
  document.addEventListener("htmx:load", (event) => enable(event.target.parentElement || document));
})();
