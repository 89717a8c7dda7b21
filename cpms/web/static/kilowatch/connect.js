// The guide: prints, and keeps a page that shows a key from being asked for again.
(() => {
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
  });

  document.addEventListener("DOMContentLoaded", () => {
    // The answer to a form: a reload would send it again, and make another key.
    const page = document.querySelector("[data-address]");
    if (page && location.pathname !== page.dataset.address) history.replaceState(null, "", page.dataset.address);

    const zone = document.querySelector("select[name=timezone]");
    const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const untouched = zone && !document.querySelector(".kw-form-error");
    if (untouched && [...zone.options].some((option) => option.value === here)) zone.value = here;
  });
})();
