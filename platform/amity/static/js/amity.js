// The frame's behaviour: htmx set-up, focus after swaps, menus, dialogs, palette, keyboard.
// Everything here makes pages smoother; nothing here is needed to use them.
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const texts = $("#js-texts")?.dataset ?? {};
  const csrf = () => $('meta[name="csrf-token"]')?.content ?? "";

  const say = (text) => {
    const announcer = $("#announcer");
    if (announcer) { announcer.textContent = ""; setTimeout(() => { announcer.textContent = text; }, 60); }
  };
  const icon = (name) => {
    const source = $(".icon use")?.getAttribute("href")?.split("#")[0] ?? "";
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `${source}#${name}`);
    svg.append(use);
    return svg;
  };
  const showMessage = (level, text) => {
    const place = $("#messages");
    if (!place) return;
    const box = document.createElement("div");
    box.className = `message message-${level}`;
    const words = document.createElement("div");
    words.className = "message-text";
    words.textContent = text;
    box.append(icon(level === "error" ? "alert-circle" : "info-circle"), words);
    place.replaceChildren(box);
    place.scrollIntoView({ block: "nearest" });
  };
  window.amity = { say, icon, showMessage, csrf };

  // -- htmx ----------------------------------------------------------------------------------------
  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRFToken"] = csrf();
  });
  let waiting = 0;
  const loading = (step) => {
    waiting = Math.max(0, waiting + step);
    document.documentElement.classList.toggle("is-loading", waiting > 0);
  };
  // What a page asks by itself, again and again (data-quiet), shows neither that it works nor that it failed.
  const loud = (act) => (event) => { if (!event.detail.elt?.hasAttribute("data-quiet")) act(event); };
  document.addEventListener("htmx:beforeRequest", loud(() => loading(1)));
  document.addEventListener("htmx:afterRequest", loud(() => loading(-1)));
  const tell = (status) => {
    if (status === 401) return texts.signedOut;
    if (status === 403) return texts.forbidden;
    if (status === 503 || status === 429) return texts.busy;
    return texts.failed;
  };
  document.addEventListener("htmx:responseError", loud((event) => showMessage("error", tell(event.detail.xhr.status))));
  document.addEventListener("htmx:sendError", loud(() => showMessage("error", texts.offline)));
  document.addEventListener("htmx:timeout", loud(() => showMessage("error", texts.busy)));

  document.addEventListener("htmx:afterSwap", (event) => {
    const target = event.detail.target;
    if (target?.id === "dialog-body") openDialog($("#dialog"));
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const target = event.detail.target;
    const place = target?.isConnected ? target : document.getElementById(target?.id);
    const wanted = place && ($("[data-focus], [autofocus]", place) ?? (place.matches("[data-focus]") ? place : null));
    if (wanted) wanted.focus({ preventScroll: false });
    const words = place?.dataset.announce ?? (place && $("[data-announce]", place)?.dataset.announce);
    if (words) say(words);
  });

  // -- dialogs and menus ----------------------------------------------------------------------------
  let opener = null;
  const openDialog = (dialog) => {
    if (!dialog || dialog.open) return;
    opener = document.activeElement;
    dialog.showModal();
    $("[data-focus], [autofocus], input:not([type=hidden]), select, textarea, .btn-primary, .btn-danger", dialog)?.focus();
  };
  $$("dialog").forEach((dialog) => dialog.addEventListener("close", () => {
    if (dialog.id === "dialog") $("#dialog-body").replaceChildren();
    if (opener?.isConnected) opener.focus();
  }));
  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (!target) return;
    for (const menu of $$("details.menu[open]")) if (!menu.contains(target)) menu.open = false;
    const item = target.closest(".menu-item");
    if (item) item.closest("details.menu")?.removeAttribute("open");
    const open = target.closest("[data-open-dialog]");
    if (open) { event.preventDefault(); openDialog(document.getElementById(open.dataset.openDialog)); }
    const close = target.closest("[data-close-dialog]");
    const dialog = target.closest("dialog");
    if (close && dialog) { event.preventDefault(); dialog.close(); }
    if (target.matches("dialog")) {
      const box = target.getBoundingClientRect();
      const outside = event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
      if (outside && event.detail > 0) target.close();
    }
    if (target.closest("[data-dismiss]")) {
      target.closest(".message")?.remove();
      $("#main")?.focus({ preventScroll: true });
    }
    if (target.closest("[data-action=theme]")) window.amityTheme?.();
  });
  document.addEventListener("toggle", (event) => {
    const menu = event.target;
    if (!(menu instanceof HTMLDetailsElement) || !menu.matches(".menu") || !menu.open) return;
    const panel = $(".menu-panel", menu);
    const box = panel.getBoundingClientRect();
    if (box.left < 0) menu.classList.add("menu-start");
    else if (box.right > document.documentElement.clientWidth) menu.classList.remove("menu-start");
  }, true);
  document.addEventListener("keydown", (event) => {
    const menu = event.target instanceof Element ? event.target.closest("details.menu[open]") : null;
    if (!menu) return;
    const items = $$("a, button, input, select", $(".menu-panel", menu)).filter((item) => item.offsetParent);
    const index = items.indexOf(document.activeElement);
    if (event.key === "Escape") { menu.open = false; $("summary", menu).focus(); event.preventDefault(); }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && items.length && !document.activeElement.matches("select, input")) {
      items[(index + step + items.length) % items.length].focus();
      event.preventDefault();
    }
  });

  // -- palette --------------------------------------------------------------------------------------
  const palette = $("#palette");
  if (palette) {
    const input = $("input", palette);
    const list = $("#palette-list");
    const fixed = $$("a", $("#palette-entries").content).map((link) => ({
      title: link.textContent.trim(), url: link.getAttribute("href"), icon: link.dataset.icon, note: link.dataset.kind,
    }));
    let options = [];
    let chosen = 0;
    let timer = 0;
    let asked = 0;
    const pageActions = () => $$("[data-palette-action]").map((element) => ({
      title: element.dataset.paletteAction || element.textContent.trim(), icon: "bolt", note: texts.action,
      run: () => element.click(),
    }));
    const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
    const matching = (text) => {
      const words = fold(text).split(/\s+/).filter(Boolean);
      return [...pageActions(), ...fixed].filter((entry) => words.every((word) => fold(entry.title).includes(word)));
    };
    const draw = () => {
      list.replaceChildren(...options.map((entry, index) => {
        const row = document.createElement(entry.url ? "a" : "div");
        row.className = "palette-option";
        row.id = `palette-option-${index}`;
        row.setAttribute("role", "option");
        row.setAttribute("aria-selected", String(index === chosen));
        row.tabIndex = -1;
        if (entry.url) row.href = entry.url;
        const name = document.createElement("span");
        name.textContent = entry.title;
        const note = document.createElement("span");
        note.className = "note";
        note.textContent = entry.note ?? "";
        row.append(icon(entry.icon || "arrow-right"), name, note);
        row.addEventListener("click", () => { palette.close(); entry.run?.(); });
        return row;
      }));
      if (options.length) input.setAttribute("aria-activedescendant", `palette-option-${chosen}`);
      else input.removeAttribute("aria-activedescendant");
      $(`#palette-option-${chosen}`)?.scrollIntoView({ block: "nearest" });
    };
    const search = async (text) => {
      const mine = ++asked;
      const answer = await fetch(`${palette.dataset.searchUrl}?q=${encodeURIComponent(text)}`,
        { headers: { Accept: "application/json" }, credentials: "same-origin" }).catch(() => null);
      if (!answer?.ok || mine !== asked) return;
      const found = (await answer.json()).hits;
      const everything = { title: `${texts.searchFor} “${text}”`, url: `/search?q=${encodeURIComponent(text)}`, icon: "search" };
      options = [...matching(text).slice(0, 6), ...found, everything];
      chosen = Math.min(chosen, options.length - 1);
      draw();
    };
    const refresh = () => {
      const text = input.value.trim();
      chosen = 0;
      options = matching(text).slice(0, text ? 8 : 14);
      draw();
      clearTimeout(timer);
      if (text.length > 1) timer = setTimeout(() => search(text), 160);
    };
    input.addEventListener("input", refresh);
    input.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && options.length) { chosen = (chosen + step + options.length) % options.length; draw(); event.preventDefault(); }
      if (event.key === "Enter") {
        event.preventDefault();
        $(`#palette-option-${chosen}`)?.click();
        if (!options.length && input.value.trim()) location.href = `/search?q=${encodeURIComponent(input.value.trim())}`;
      }
    });
    window.amity.palette = (text = "") => { input.value = text; openDialog(palette); refresh(); input.focus(); };
    $("[data-palette]")?.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") { event.preventDefault(); window.amity.palette(event.target.value); }
    });
  }

  // -- keyboard -------------------------------------------------------------------------------------
  const typing = (element) => element instanceof HTMLElement
    && (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName)) && !/^(checkbox|radio)$/.test(element.type);
  const rows = () => $$("[data-row]").filter((row) => row.offsetParent);
  const moveCursor = (step) => {
    const all = rows();
    if (!all.length) return;
    const now = all.findIndex((row) => row.classList.contains("is-cursor"));
    const next = Math.max(0, Math.min(all.length - 1, now < 0 ? (step > 0 ? 0 : all.length - 1) : now + step));
    all.forEach((row, index) => row.classList.toggle("is-cursor", index === next));
    const link = $("a[data-open]", all[next]);
    link?.focus({ preventScroll: true });
    all[next].scrollIntoView({ block: "nearest" });
  };
  const press = (selector) => { const element = $(selector); if (element) element.click(); return Boolean(element); };
  const shortcuts = {
    "j": () => moveCursor(1), "k": () => moveCursor(-1),
    "e": () => { const row = $(".is-cursor [data-edit]"); if (row) row.click(); else press("[data-key=e]"); },
    "n": () => press("[data-key=n]"),
    "x": () => $(".is-cursor input[type=checkbox]")?.click(),
    "?": () => openDialog($("#keys")),
    "/": () => ($("[data-list-search]") ?? $("#global-search"))?.focus(),
  };
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && palette) {
      event.preventDefault();
      if (palette.open) palette.close(); else window.amity.palette();
      return;
    }
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
      const form = event.target.closest?.("form");
      if (form) { event.preventDefault(); form.requestSubmit($("[type=submit]", form)); }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || $("dialog[open]")) return;
    const run = shortcuts[event.key];
    if (run) { event.preventDefault(); run(); }
  });

  // A saved form's draft is no longer needed: the page after it says so.
  try {
    const saved = sessionStorage.getItem("amity-saving");
    if (saved && $(".message-success, .message-info")) {
      localStorage.removeItem(saved);
      sessionStorage.removeItem("amity-saving");
    }
  } catch { /* storage is off */ }

  // Focus goes to what is wrong after a refused save, or where the page asks for it.
  $("main [data-focus]")?.focus();
})();
