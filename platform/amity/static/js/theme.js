// Runs before the first paint: sets the theme, so that a dark page never flashes white, and says that
// JavaScript is there. The choice on this device wins over the account's.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  let choice = root.dataset.themeChoice || "auto";
  try { choice = localStorage.getItem("amity-theme") || choice; } catch { /* storage is off */ }
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    root.setAttribute("data-bs-theme", choice === "auto" ? (dark.matches ? "dark" : "light") : choice);
  };
  dark.addEventListener("change", apply);
  window.amityTheme = () => {
    choice = root.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
    try { localStorage.setItem("amity-theme", choice); } catch { /* storage is off */ }
    apply();
    return choice;
  };
  apply();
})();
