// Keyboard: "/" goes to the search.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const search = document.getElementById("kw-search");
  if (!search) return;
  event.preventDefault();
  const menu = document.getElementById("kw-menu");
  if (menu && search.offsetParent === null) menu.classList.add("show");
  search.focus();
  search.select();
});
