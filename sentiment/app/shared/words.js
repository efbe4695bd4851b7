// Shared by highlight.js and editor.js: parts of a text with their contributions. Text is set through textContent only.

const FAINT = 0.04 // share of the strongest contribution; weaker parts are not marked

const signed = (value) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(2)

function makePart(words, value, unknown, scale, index) {
  const part = document.createElement("span")
  const weight = scale ? Math.min(1, Math.abs(value) / scale) : 0
  part.className = "part" + (weight < FAINT ? "" : value > 0 ? " positive" : " negative") + (unknown ? " unknown" : "")
  part.style.setProperty("--weight", weight.toFixed(3))
  part.textContent = words
  part.dataset.index = index
  return part
}

function describe(words, value, unknown, point) {
  const shown = words.length > 80 ? words.slice(0, 80) + "…" : words
  const side = value > 0 ? " (positive)" : value < 0 ? " (negative)" : ""
  const lines = [value ? `${shown}: ${signed(value)}${side}` : `${shown}: no effect`]
  if (unknown) lines.push("unknown word")
  if (point) lines.push(`P(positive) so far: ${point[2]}`)
  return lines.join("\n")
}

function placeTip(tip, part, frameElement) {
  const box = part.getClientRects()[0]
  if (!box) return
  const frame = frameElement.getBoundingClientRect()
  tip.style.top = `${box.bottom - frame.top + 6}px`
  tip.style.left = `${Math.max(0, Math.min(box.left - frame.left, frame.width - tip.offsetWidth))}px`
}

function showLegend(at, data) {
  at(".legend").hidden = !data.legend
  at(".least").textContent = signed(-data.scale)
  at(".most").textContent = signed(data.scale)
  at(".words").textContent = data.legend
}

// Arrow keys move through parts; returns the part that a key leads to, null for any other key.
function stepTo(key, chosen, last) {
  const steps = { ArrowRight: chosen + 1, ArrowLeft: chosen - 1, Home: 0, End: last }
  return key in steps ? Math.max(0, Math.min(steps[key], last)) : null
}
