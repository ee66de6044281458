"use strict";
// Tables are sorted by a click on a column's title, and filtered by what is typed above them.
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  const titles = [...table.tHead.rows[0].cells];
  titles.forEach((title, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...title.childNodes);
    title.append(button);
    button.addEventListener("click", () => {
      const down = title.getAttribute("aria-sort") === "ascending";
      titles.forEach((other) => other.removeAttribute("aria-sort"));
      title.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...body.rows].map((row) => [row.cells[column].textContent, row]);
      rows.sort(([one], [other]) => compare(one, other) * (down ? -1 : 1));
      body.append(...rows.map(([, row]) => row));
    });
  });
  const tools = table.closest(".table").querySelector(".tools");
  if (tools) {
    const input = tools.querySelector("input");
    const output = tools.querySelector("output");
    const filter = () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of body.rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        shown += row.hidden ? 0 : 1;
      }
      output.textContent = `${shown} of ${body.rows.length}`;
    };
    input.addEventListener("input", filter);
    tools.hidden = false;
    filter();
  }
}

function compare(one, other) {
  // What is empty comes last in the first order; worker10 comes after worker9, and 31.8 after 31.25.
  if ((one === "") !== (other === "")) return one === "" ? 1 : -1;
  const difference = Number(one) - Number(other);
  if (!Number.isNaN(difference)) return difference;
  return one.localeCompare(other, "en", { numeric: true });
}
