// Lights up what a live refresh has changed: elements with data-number="<key>".
(() => {
  const SHOWN = 1_200;
  let before = new Map();

  const written = (root) => new Map([...root.querySelectorAll("[data-number]")].map((one) => [one.dataset.number, one.textContent]));

  document.addEventListener("htmx:beforeSwap", (event) => { before = written(event.detail.target); });
  document.addEventListener("htmx:afterSettle", () => {
    for (const one of document.querySelectorAll("[data-number]")) {
      const old = before.get(one.dataset.number);
      if (old === undefined || old === one.textContent) continue;
      one.classList.add("is-changed");
      setTimeout(() => one.classList.remove("is-changed"), SHOWN);
    }
    before = new Map();
  });
})();
