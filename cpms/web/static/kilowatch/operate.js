// The Operate tab: what is open is in view, operations are found by name, and the question whom
// one of them hurts is a dialog over its form.
(() => {
  for (const open of document.querySelectorAll(".kw-tabs [aria-current], .kw-sections [aria-current]")) {
    const row = open.closest("ul");
    row.scrollLeft = open.offsetLeft - row.offsetLeft - (row.clientWidth - open.offsetWidth) / 2;
  }

  const find = document.getElementById("offers-find");
  if (find) {
    find.closest("[hidden]").hidden = false;
    find.addEventListener("input", () => {
      const words = find.value.toLocaleLowerCase().split(/\s+/);
      for (const group of document.querySelectorAll(".kw-group")) {
        const offers = [...group.querySelectorAll(".kw-offer")];
        for (const offer of offers) offer.hidden = !words.every((word) => offer.textContent.toLocaleLowerCase().includes(word));
        group.hidden = offers.every((offer) => offer.hidden);
      }
    });
    find.addEventListener("keydown", (event) => {
      const first = document.querySelector(".kw-group:not([hidden]) .kw-offer:not([hidden]) a");
      if (event.key === "Enter" && find.value.trim() && first) first.click();
    });
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
