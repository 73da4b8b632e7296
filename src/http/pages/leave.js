document.querySelector("#post")?.submit();
const later = document.querySelector("[data-after]");
if (later) setTimeout(() => later.click(), 1000 * later.dataset.after);
