// The Operate tab: the question whom it hurts is a dialog over the form.
(() => {
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
