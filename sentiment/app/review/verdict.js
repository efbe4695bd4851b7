// Shows the verdict, and marks it as outdated as soon as the editor's text differs from the analysed one.

const TEXT_EVENT = "sentiment:text" // sent by editor.js, with its text and the last revision it applied
const MOUTHS = {
  positive: "M8 14.5c1 1.7 2.4 2.5 4 2.5s3-.8 4-2.5",
  negative: "M8 17c1-1.7 2.4-2.5 4-2.5s3 .8 4 2.5",
  unsure: "M8.5 15.5h7",
}
const cards = new WeakMap()

export default function ({ data, parentElement }) {
  const card = cards.get(parentElement) ?? listen(parentElement)
  card.data = data
  show((selector) => parentElement.querySelector(selector), data)
  card.mark()
  return card.stop
}

function listen(parentElement) {
  const card = { editor: null }
  const receive = (event) => {
    card.editor = event.detail
    card.mark()
  }
  card.mark = () => {
    const { data, editor } = card
    // A text set by the server, such as an example, is not in the editor yet.
    const typed = editor?.revision === data.revision && editor.text !== data.text
    const old = data.changed || typed
    parentElement.querySelector(".card").classList.toggle("old", old)
    parentElement.querySelector(".stale").textContent = old ? "Verdict for the previous text" : ""
  }
  card.stop = () => document.removeEventListener(TEXT_EVENT, receive)
  document.addEventListener(TEXT_EVENT, receive)
  cards.set(parentElement, card)
  return card
}

function show(at, data) {
  const length = !data.percent ? " bare" : data.headline.length > 10 ? " long" : ""
  at(".card").className = `card ${data.side}${length}`
  at(".mouth").setAttribute("d", MOUTHS[data.side])
  at(".name").textContent = data.headline
  at(".percent").textContent = data.percent
  at(".before").hidden = !data.before
  at(".before").textContent = data.before?.text ?? ""
  at(".line").textContent = data.line
  at(".notes").replaceChildren(
    ...data.notes.map((note) => Object.assign(document.createElement("li"), { textContent: note })),
  )
  showMeter(at, data)
}

function showMeter(at, { probability, threshold, zone, before, meter }) {
  at(".meter").hidden = probability === null
  if (probability === null) return
  at(".meter").setAttribute("aria-label", meter)
  place(at(".zone"), ...zone)
  place(at(".fill"), Math.min(threshold, probability), Math.max(threshold, probability))
  at(".middle").style.left = at(".scale .unsure").style.left = `${100 * threshold}%`
  at(".marker:not(.old)").style.left = `${100 * probability}%`
  at(".marker.old").hidden = !before
  if (before) at(".marker.old").style.left = `${100 * before.probability}%`
}

function place(bar, low, high) {
  bar.style.left = `${100 * low}%`
  bar.style.right = `${100 * (1 - high)}%`
}
