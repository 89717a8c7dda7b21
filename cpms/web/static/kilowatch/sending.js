// A form that is on its way is not sent again: whoever clicks twice would get the answer to the
// second, and never see that to the first, which may show a key once.
(() => {
  const AGAIN_AFTER = 10_000; // The way may have been broken off.

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.getAttribute("method") !== "post") return;
    if (form.dataset.sending) { event.preventDefault(); return; }
    form.dataset.sending = "yes";
    setTimeout(() => { delete form.dataset.sending; }, AGAIN_AFTER);
  });
  // Gone back to, it can be sent again.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sending]")) delete form.dataset.sending;
  });
})();
