// Shows two tables, one for each side: a part of the review, a bar, and its contribution.

export default function ({ data, parentElement }) {
  const tables = data.sides.map((side) => makeTable(side, data.part, data.scale))
  parentElement.querySelector(".sides").replaceChildren(...tables)
}

function makeTable({ name, title, rows }, part, scale) {
  const table = make("table", { className: name })
  const head = make("tr")
  head.append(make("th", { textContent: part, scope: "col" }), make("th", { textContent: "Contribution", scope: "col", colSpan: 2 }))
  const body = make("tbody")
  body.append(...rows.map((row) => makeRow(row, scale)))
  table.append(make("caption", { textContent: rows.length ? title : `${title}: none` }), make("thead"), body)
  table.querySelector("thead").append(head)
  // It scrolls, so it can be reached by keyboard.
  const region = make("div", { className: "scroll", tabIndex: 0 })
  region.setAttribute("role", "region")
  region.setAttribute("aria-label", title)
  region.append(table)
  return region
}

function makeRow([words, size, shown], scale) {
  const row = make("tr")
  const bar = make("td", { className: "bar" })
  bar.append(make("div"))
  bar.firstChild.style.width = `${(100 * size) / scale}%`
  row.append(make("td", { textContent: words }), bar, make("td", { textContent: shown }))
  return row
}

function make(name, properties = {}) {
  return Object.assign(document.createElement(name), properties)
}
