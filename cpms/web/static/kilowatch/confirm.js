// Asks before a form or htmx request whose element says data-confirm="The question".
(() => {
  function ask(question, label, yes) {
    const dialog = document.getElementById("confirm-dialog");
    const button = document.getElementById("confirm-yes");
    document.getElementById("confirm-text").textContent = question;
    button.textContent = label || button.dataset.default;
    dialog.returnValue = "no";
    dialog.addEventListener("close", () => { if (dialog.returnValue === "yes") yes(); }, { once: true });
    dialog.showModal();
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const question = (event.submitter && event.submitter.dataset.confirm) || form.dataset.confirm;
    if (!question || form.dataset.confirmed || form.matches("[hx-post],[hx-put],[hx-delete]")) return;
    event.preventDefault();
    const submitter = event.submitter;
    ask(question, form.dataset.confirmLabel, () => {
      form.dataset.confirmed = "yes";
      form.requestSubmit(submitter);
      delete form.dataset.confirmed;
    });
  }, true);

  document.addEventListener("htmx:confirm", (event) => {
    const question = event.detail.elt.dataset.confirm;
    if (!question) return;
    event.preventDefault();
    ask(question, event.detail.elt.dataset.confirmLabel, () => event.detail.issueRequest(true));
  });
})();
