(() => {
  // Hides what does not match while the user types; the form without script does the same on the server.
  const field = document.getElementById("q");
  const rows = [...document.querySelectorAll("#choices > li")];
  const status = document.getElementById("count");
  const none = document.getElementById("none");
  const fold = (text) => text.trim().toLowerCase().replaceAll("æ", "ae").replaceAll("ø", "oe").replaceAll("å", "aa");
  field.addEventListener("input", () => {
    const needle = fold(field.value);
    for (const row of rows) row.hidden = !row.dataset.find.includes(needle);
    const count = new Set(rows.filter((row) => !row.hidden).map((row) => row.dataset.cvr)).size;
    status.textContent = `${count} ${count === 1 ? status.dataset.one : status.dataset.many}`;
    none.hidden = count > 0;
  });
})();
