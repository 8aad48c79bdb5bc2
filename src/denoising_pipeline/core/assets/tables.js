"use strict";
// Tables sort by any of their columns: by number where cells carry one, else by their words.
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  if (body.rows.length < 2) continue;
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.textContent = heading.textContent;
    button.className = "sort";
    heading.replaceChildren(button, ...heading.querySelectorAll("button"));
    button.addEventListener("click", () => {
      const down = heading.getAttribute("aria-sort") === "ascending";
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = (row) => row.cells[column].dataset.value;
      const words = (row) => row.cells[column].textContent;
      const order = heading.classList.contains("number")
        ? (a, b) => key(a) - key(b)
        : (a, b) => words(a).localeCompare(words(b), "en", { numeric: true });
      const rows = [...body.rows].sort(order);
      body.append(...(down ? rows.reverse() : rows));
    });
  });
}

// What of a table lies further to the right is told, as long as it does.
for (const box of document.querySelectorAll(".scroll")) {
  const hint = document.createElement("p");
  hint.className = "more-hint";
  hint.textContent = "The table goes on to the right: swipe, or use the arrow keys.";
  box.after(hint);
  const look = () => {
    hint.hidden = box.scrollWidth <= box.clientWidth + 1;
    const rest = box.scrollWidth - box.clientWidth - box.scrollLeft;
    box.classList.toggle("more", !hint.hidden && rest > 1);
  };
  box.addEventListener("scroll", look, { passive: true });
  new ResizeObserver(look).observe(box);
}
