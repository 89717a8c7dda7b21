// The guide: copies, prints, and keeps a page that shows a key from being asked for again.
(() => {
  const words = () => document.getElementById("connect-words").dataset;

  async function copy(button) {
    const label = button.textContent;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = words().copied;
    } catch {
      // No clipboard without TLS: mark the text, so that Ctrl+C takes it.
      const range = document.createRange();
      range.selectNodeContents(button.previousElementSibling);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      button.textContent = document.execCommand("copy") ? words().copied : words().notCopied;
    }
    setTimeout(() => { button.textContent = label; }, 2_500);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
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
