// E-mail templates: the formatted text goes into its frame by itself; another record is shown at once.
(() => {
  "use strict";
  document.querySelectorAll("form[data-frame]").forEach((form) => form.requestSubmit());
  for (const name of ["about", "record"]) {
    const select = document.querySelector(`.letter-sides select[name="${name}"]`);
    select?.addEventListener("change", () => { if (select.value) select.form.requestSubmit(); });
  }
})();
