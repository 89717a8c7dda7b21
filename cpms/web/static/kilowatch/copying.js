// Buttons with data-copy put a text into the clipboard: the attribute's, or where that is empty the
// code beside them. They say so for a moment. A field that only shows a text is marked whole.
(() => {
  const SAID_FOR = 2_500;
  const labels = new WeakMap(); // What a button says otherwise: it may be clicked twice.

  const asSent = (code) => code.rawText ?? code.textContent; // Not as frames.js has coloured it.
  const textOf = (button) => button.dataset.copy || asSent(button.parentElement.parentElement.querySelector("code"));

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch { return copyOld(text); }
  }

  // Where the page comes over plain HTTP there is no clipboard but this.
  function copyOld(text) {
    const before = document.activeElement;
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "visually-hidden";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    before?.focus();
    return done;
  }

  function say(place, text) {
    const { label, timer } = labels.get(place) || { label: place.textContent };
    clearTimeout(timer);
    place.textContent = text;
    const back = () => { place.textContent = label; labels.delete(place); };
    labels.set(place, { label, timer: setTimeout(back, SAID_FOR) });
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const words = document.getElementById("toasts").dataset;
    const done = await copy(textOf(button));
    say(button.querySelector("span") || button, done ? words.copied : words.notCopied);
  });
  document.addEventListener("focusin", (event) => { if (event.target.matches("input[readonly]")) event.target.select(); });
})();
