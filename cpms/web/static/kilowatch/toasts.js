// Toasts: those the page came with, those a response announces by HX-Trigger, and scripts' own.
(() => {
  const SECONDS = 8;

  function live(toast, list) {
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "×";
    close.setAttribute("aria-label", list.dataset.close);
    close.addEventListener("click", () => toast.remove());
    toast.append(close);
    // Errors stay until somebody has read them.
    if (!toast.classList.contains("error")) setTimeout(() => toast.remove(), SECONDS * 1000);
  }

  function say(text, level) {
    const list = document.getElementById("toasts");
    // The same again says nothing new.
    for (const toast of list.children) if (toast.firstChild.textContent === text) toast.remove();
    const toast = document.createElement("div");
    toast.className = `kw-toast ${level || "info"}`;
    toast.textContent = text;
    live(toast, list);
    list.append(toast);
  }

  window.kilowatch = Object.assign(window.kilowatch || {}, { toast: say });

  document.addEventListener("DOMContentLoaded", () => {
    const list = document.getElementById("toasts");
    for (const toast of list.children) live(toast, list);
    document.body.addEventListener("toast", (event) => say(event.detail.text, event.detail.level));
  });
})();
