// When the session ends under an open page: it says so at once, and what was typed is kept.
//
// One signs in and comes back to the same address with the fields filled as they were. They are
// kept for this tab only, and given back to the same person only, and only if they have just
// signed in: on any other page they are forgotten.
(() => {
  const KEPT = "kw-typed";
  const ARMED = "kw-signed-in-anew";
  const FIELDS = "textarea, input:not([type]), input[type=text], input[type=search], input[type=email], input[type=tel], input[type=url], input[type=number]";
  const state = document.getElementById("live-state");
  const here = () => location.pathname + location.search;

  function fields() {
    return [...document.querySelectorAll(FIELDS)].filter((field) => field.name && field.closest("form"));
  }

  function keep() {
    const typed = fields().filter((field) => field.value !== field.defaultValue).map((field) => [field.name, field.value]);
    if (!typed.length || !state) return;
    try { sessionStorage.setItem(KEPT, JSON.stringify({ user: state.dataset.user, path: here(), typed })); } catch { /* No room. */ }
  }

  function giveBack() {
    let kept = null;
    try {
      if (sessionStorage.getItem(ARMED)) kept = JSON.parse(sessionStorage.getItem(KEPT));
      sessionStorage.removeItem(KEPT);
      sessionStorage.removeItem(ARMED);
    } catch { return; }
    if (!kept || kept.user !== state.dataset.user || kept.path !== here()) return;
    for (const [name, value] of kept.typed) {
      const field = fields().find((one) => one.name === name && one.value === one.defaultValue);
      if (field) field.value = value;
    }
    if (window.kilowatch.toast) window.kilowatch.toast(state.dataset.typedBack, "success");
  }

  if (!state) {
    // A page without a session: the sign-in, most likely.
    try { sessionStorage.setItem(ARMED, "yes"); } catch { /* Private mode. */ }
    return;
  }

  // A form may be sent in the very moment the session has ended.
  document.addEventListener("submit", keep);
  document.addEventListener("DOMContentLoaded", giveBack);

  Object.assign(window.kilowatch, {
    signedOut: () => {
      keep();
      const dialog = document.getElementById("signed-out");
      dialog.querySelector("a").href = `${state.dataset.signIn}?next=${encodeURIComponent(here())}`;
      if (!dialog.open) dialog.showModal();
    },
    // In another tab, as the cookie is the browser's.
    signedIn: () => { document.getElementById("signed-out").close(); },
  });
  document.getElementById("signed-out").addEventListener("click", (event) => { if (event.target.closest("a")) keep(); });
})();
