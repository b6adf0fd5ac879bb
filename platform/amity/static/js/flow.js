// The workflow editor, beside designer.js: a chosen name goes into the text where the cursor was.
(() => {
  "use strict";
  const last = new Map();
  document.addEventListener("focusout", (event) => {
    const input = event.target;
    if (input.matches?.("#designer input.form-control, #designer textarea") && input.selectionStart !== null) {
      last.set(input.id, [input.selectionStart, input.selectionEnd]);
    }
  });
  // In the capture phase: before designer.js sends the form, so that the server finds the name in the text.
  document.addEventListener("change", (event) => {
    const list = event.target;
    if (!list.matches?.("[data-insert]") || !list.value) return;
    const input = document.getElementById(list.dataset.insert);
    if (!input) return;
    const [from, to] = last.get(input.id) ?? [input.value.length, input.value.length];
    input.setRangeText(`{{ ${list.value} }}`, Math.min(from, input.value.length), Math.min(to, input.value.length), "end");
    last.set(input.id, [input.selectionEnd, input.selectionEnd]);
    list.value = "";
  }, true);
})();
