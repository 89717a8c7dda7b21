// Toasts: those the page came with, and those a response announces by HX-Trigger.
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

  document.addEventListener("DOMContentLoaded", () => {
    const list = document.getElementById("toasts");
    for (const toast of list.children) live(toast, list);
    document.body.addEventListener("toast", (event) => {
      const toast = document.createElement("div");
      toast.className = `kw-toast ${event.detail.level || "info"}`;
      toast.textContent = event.detail.text;
      live(toast, list);
      list.append(toast);
    });
  });
})();
