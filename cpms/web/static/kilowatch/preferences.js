// Offers the zone of this device, if the server knows it and it isn't chosen already.
document.addEventListener("DOMContentLoaded", () => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const select = document.getElementById("id_time_zone");
  const offer = document.getElementById("device-zone");
  const known = [...select.options].some((option) => option.value === zone);
  if (!known || select.value === zone) return;
  offer.querySelector("strong").textContent = zone;
  offer.hidden = false;
  offer.querySelector("button").addEventListener("click", () => {
    select.value = zone;
    offer.hidden = true;
    select.focus();
  });
});
