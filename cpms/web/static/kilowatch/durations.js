// Durations in their two largest units: the same rules as cpms/web/durations.py.
(() => {
  function spoken(milliseconds) {
    const seconds = Math.max(0, Math.floor(milliseconds / 1000));
    if (seconds < 60) return `${seconds} s`;
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60) return `${minutes} min`;
    const hours = Math.floor(minutes / 60);
    if (hours < 24) return `${hours} h ${String(minutes % 60).padStart(2, "0")} min`;
    const days = Math.floor(hours / 24);
    return days < 14 ? `${days} d ${hours % 24} h` : `${days} d`;
  }

  window.kilowatch = Object.assign(window.kilowatch || {}, { spoken });
})();
