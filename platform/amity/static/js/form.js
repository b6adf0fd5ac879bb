// Record forms: what is typed survives a reload, conditions of the form follow what is typed, rows are added.
(() => {
  "use strict";
  const form = document.querySelector("[data-record-form]");
  if (!form) return;
  const key = `amity-draft:${form.dataset.draft}`;
  const own = ["csrf_token", "amity-version", "amity-back"];
  const store = {
    get() { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } },
    set(value) { try { localStorage.setItem(key, JSON.stringify(value)); } catch { /* storage is full or off */ } },
    drop() { try { localStorage.removeItem(key); } catch { /* storage is off */ } },
  };
  const read = () => [...new FormData(form)].filter(([name, value]) => !own.includes(name) && typeof value === "string");
  const first = JSON.stringify(read());
  const state = form.querySelector("[data-form-state]");

  // -- draft ----------------------------------------------------------------------------------------
  let timer = 0;
  const keep = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const now = read();
      if (JSON.stringify(now) === first) { store.drop(); return; }
      store.set({ at: Date.now(), values: now });
      if (state && !state.textContent) state.textContent = state.dataset.kept;
    }, 250);
  };
  form.addEventListener("input", keep);
  form.addEventListener("change", keep);
  const fill = (values) => {
    const groups = new Map();
    values.forEach(([name, value]) => groups.set(name, [...(groups.get(name) ?? []), value]));
    [...groups.keys()].forEach((name) => {
      const match = name.match(/^child\.([^.]+)\.(\d+)\./);
      if (match && !form.elements[name]) addRow(form.querySelector(`[data-children="${CSS.escape(match[1])}"]`), match[2]);
    });
    for (const element of form.elements) {
      if (!element.name || own.includes(element.name) || element.type === "submit") continue;
      const wanted = groups.get(element.name) ?? [];
      if (element.type === "checkbox" || element.type === "radio") element.checked = wanted.includes(element.value);
      else if (element instanceof HTMLSelectElement && element.multiple) {
        wanted.forEach((value) => { if (![...element.options].some((item) => item.value === value)) element.add(new Option(value, value)); });
        [...element.options].forEach((item) => { item.selected = wanted.includes(item.value); });
        element.tomselect?.sync();
      } else if (wanted.length) {
        const value = wanted.shift();
        groups.set(element.name, wanted.length ? wanted : [value]);
        if (element instanceof HTMLSelectElement && ![...element.options].some((item) => item.value === value)) element.add(new Option(value, value));
        element.value = value;
        element.tomselect?.sync();
      }
    }
    followRules();
  };
  const draft = store.get();
  const offer = document.getElementById("draft-offer");
  const refused = document.querySelector(".form-summary");
  if (draft && !refused && JSON.stringify(draft.values) !== first) {
    const age = offer.querySelector("[data-draft-age]");
    age.textContent = `(${new Date(draft.at).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" })})`;
    offer.hidden = false;
    offer.querySelector("[data-draft-restore]").addEventListener("click", () => {
      fill(draft.values);
      offer.hidden = true;
      form.querySelector("input:not([type=hidden]), select, textarea")?.focus();
    });
    offer.querySelector("[data-draft-drop]").addEventListener("click", () => {
      store.drop();
      offer.hidden = true;
      form.querySelector("input:not([type=hidden]), select, textarea")?.focus();
    });
  }
  form.querySelector("[data-draft-cancel]")?.addEventListener("click", () => store.drop());
  form.addEventListener("submit", () => {
    store.set({ at: Date.now(), values: read() });
    try { sessionStorage.setItem("amity-saving", key); } catch { /* storage is off */ }
  });

  // -- conditions -----------------------------------------------------------------------------------
  const live = new Set((form.dataset.live ?? "").split(" ").filter(Boolean));
  let asked = 0;
  const followRules = async () => {
    if (!live.size) return;
    const mine = ++asked;
    const answer = await fetch(form.dataset.rulesUrl, {
      method: "POST", body: new URLSearchParams(read()), credentials: "same-origin",
      headers: { "X-CSRFToken": window.amity.csrf(), Accept: "application/json" },
    }).catch(() => null);
    if (!answer?.ok || mine !== asked) return;
    const rules = await answer.json();
    const show = (box, visible) => { if (box) { box.hidden = !visible; box.disabled = !visible; } };
    for (const [name, rule] of Object.entries(rules.fields)) {
      const box = form.querySelector(`[data-conditional="${CSS.escape(name)}"]`);
      show(box, rule.visible);
      const label = box?.querySelector(".field-label");
      const star = label?.querySelector(".required-mark");
      if (rule.required && label && !star) {
        const mark = document.createElement("span");
        mark.className = "required-mark";
        mark.textContent = "*";
        mark.setAttribute("aria-hidden", "true");
        label.append(mark);
      } else if (!rule.required) star?.remove();
      const control = box?.querySelector(`[id="input-${CSS.escape(name)}"]`);
      if (control?.matches("input, select, textarea")) control.setAttribute("aria-required", String(rule.required));
    }
    for (const [name, visible] of Object.entries(rules.sections)) {
      show(form.querySelector(`[data-conditional-section="${CSS.escape(name)}"]`), visible);
    }
  };
  form.addEventListener("change", (event) => {
    const name = event.target.name?.split(".")[0];
    if (live.has(name)) followRules();
  });

  // -- rows -----------------------------------------------------------------------------------------
  function addRow(table, number) {
    if (!table) return null;
    const taken = number ?? table.dataset.next;
    table.dataset.next = String(Math.max(Number(table.dataset.next), Number(taken) + 1));
    const blank = table.querySelector("[data-blank]");
    const copy = blank.content.cloneNode(true);
    copy.querySelectorAll("*").forEach((element) => {
      for (const attribute of [...element.attributes]) {
        if (attribute.value.includes(".999999.")) element.setAttribute(attribute.name, attribute.value.replaceAll(".999999.", `.${taken}.`));
      }
    });
    const row = copy.firstElementChild;
    table.insertBefore(copy, blank);
    row.dispatchEvent(new CustomEvent("amity:added", { bubbles: true }));
    return row;
  }
  form.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-add-row]");
    if (button) {
      event.preventDefault();
      const row = addRow(button.closest(".card").querySelector("[data-children]"));
      row?.querySelector("input:not([type=hidden]), select, textarea")?.focus();
    }
    const more = event.target.closest?.("[data-more-rows]");
    if (more) {
      const rows = more.previousElementSibling;
      const next = rows.querySelector(":scope > [data-rows-row][hidden]");
      if (next) { next.hidden = false; next.querySelector("input, select, textarea")?.focus(); return; }
      const template = rows.querySelector(":scope > [data-rows-template]");
      const holder = document.createElement("div");
      holder.append(template.content.cloneNode(true));
      number(holder, rows.dataset.rows, rows.querySelectorAll(":scope > [data-rows-row]").length);
      const row = holder.firstElementChild;
      rows.insertBefore(row, template);
      row.querySelectorAll("[data-rows]").forEach(fold);
      row.dispatchEvent(new CustomEvent("amity:added", { bubbles: true }));
      row.querySelector("input:not([type=hidden]), select, textarea")?.focus();
    }
  });
  form.addEventListener("change", (event) => {
    if (event.target.matches("[data-row-remove]")) {
      event.target.closest("[data-child-row], [data-rows-row]")?.classList.toggle("is-removed", event.target.checked);
    }
  });
  // With JavaScript the blank rows of nested values wait behind a button.
  const filled = (row) => [...row.querySelectorAll("input, select, textarea")].some((item) => item.type !== "radio"
    && item.type !== "checkbox" && item.type !== "hidden" && item.value);
  const fold = (rows) => {
    [...rows.querySelectorAll(":scope > [data-rows-row]")].forEach((row) => { row.hidden = !filled(row) && !row.querySelector(".field-problems"); });
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm";
    button.dataset.moreRows = "";
    button.append(window.amity.icon("plus"), document.getElementById("js-texts").dataset.addRow);
    rows.after(button);
  };
  form.querySelectorAll("[data-rows]").forEach(fold);
  // A new row is called __row__ until it has its number; within rows of rows the outer ones come first.
  function number(holder, name, count) {
    const numbers = [...(name.match(/(?<=\.)\d+(?=\.|$)/g) ?? []), String(count)];
    holder.querySelectorAll("*").forEach((element) => {
      for (const attribute of [...element.attributes]) {
        const marks = attribute.value.split("__row__").length - 1;
        if (!marks) continue;
        const own = numbers.slice(-marks);
        element.setAttribute(attribute.name, attribute.value.replace(/__row__/g, () => own.shift() ?? "__row__"));
      }
    });
    const texts = document.createTreeWalker(holder, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.replaceAll("__row__", String(count + 1));
  }
})();
