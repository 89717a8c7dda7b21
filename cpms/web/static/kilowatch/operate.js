// The Operate tab: what is open is in view, and the question whom it hurts is a dialog over the form.
(() => {
  for (const open of document.querySelectorAll(".kw-tabs [aria-current], .kw-sections [aria-current]")) {
    const row = open.closest("ul");
    row.scrollLeft = open.offsetLeft - row.offsetLeft - (row.clientWidth - open.offsetWidth) / 2;
  }

  const dialog = document.querySelector("dialog[data-opens]");
  if (!dialog) return;
  dialog.showModal();
  const close = () => {
    dialog.close();
    // Asked for again, it is asked about again.
    for (const field of dialog.querySelectorAll("[name=confirmed]")) field.remove();
  };
  dialog.querySelector("[data-closes]").addEventListener("click", close);
  dialog.addEventListener("cancel", close);
})();
