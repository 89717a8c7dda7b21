// The page on which a wall's link is shown, once: one click selects it, one copies it.
(() => {
  const field = document.getElementById("kiosk-address");
  const button = document.getElementById("kiosk-copy");
  field.addEventListener("focus", () => field.select());
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      document.execCommand("copy"); // Without HTTPS there is no clipboard to write to.
    }
    button.querySelector("span").textContent = button.dataset.done;
  });
})();
