// Shows a review with the contribution of each part. All of the user's text is set through textContent.

const FAINT = 0.04 // share of the strongest contribution; weaker parts are not marked

const signed = (value) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(2)

export default function ({ data, parentElement, setTriggerValue }) {
  const at = (selector) => parentElement.querySelector(selector)
  const parts = showText(at(".text"), data)
  showLegend(at, data)
  showCurve(at, data.curve)
  linkReaders(at, data, parts, (index) => data.pick && setTriggerValue("picked", index))
}

function showText(text, data) {
  const content = document.createDocumentFragment()
  const parts = []
  for (const [words, value, unknown] of data.parts) {
    if (value === null) {
      content.append(words)
      continue
    }
    const part = document.createElement("span")
    const weight = data.scale ? Math.abs(value) / data.scale : 0
    part.className = "part" + (weight < FAINT ? "" : value > 0 ? " positive" : " negative") + (unknown ? " unknown" : "")
    part.style.setProperty("--weight", weight.toFixed(3))
    part.textContent = words
    part.dataset.index = parts.length
    parts.push(part)
    content.append(part)
  }
  if (data.rest) {
    const rest = document.createElement("span")
    rest.className = "rest"
    rest.dataset.note = data.rest_note
    rest.textContent = data.rest
    content.append(rest)
  }
  text.replaceChildren(content)
  text.setAttribute("aria-label", data.label)
  return parts
}

function showLegend(at, data) {
  at(".legend").hidden = !data.legend
  at(".least").textContent = signed(-data.scale)
  at(".most").textContent = signed(data.scale)
  at(".words").textContent = data.legend
}

function showCurve(at, curve) {
  at(".curve").hidden = !curve
  if (!curve) return
  const last = curve.points.at(-1)[0] || 1
  const place = ([index, p]) => `${((1000 * index) / last).toFixed(1)},${(100 * (1 - p)).toFixed(1)}`
  at(".curve .line").setAttribute("d", "M" + curve.points.map(place).join("L"))
  at(".curve figcaption").textContent = curve.title
  at(".curve svg").setAttribute("aria-label", curve.description)
}

// Pointer and arrow keys choose a part: the tooltip describes it and the curve's marker moves there. Pointing at the
// curve chooses the part in the text.
function linkReaders(at, data, parts, pick) {
  const [text, svg, tip, marker] = [at(".text"), at(".curve svg"), at(".tip"), at(".marker")]
  const points = data.curve?.points
  const marked = data.parts.filter((part) => part[1] !== null)
  let chosen = -1

  const choose = (index) => {
    parts[chosen]?.classList.remove("chosen")
    chosen = parts[index] ? index : -1
    marker.toggleAttribute("hidden", !points || chosen < 0)
    if (chosen < 0) return tip.replaceChildren()
    parts[chosen].classList.add("chosen")
    const point = points && nearest(points, chosen)
    if (point) for (const x of ["x1", "x2"]) marker.setAttribute(x, (1000 * point[0]) / (points.at(-1)[0] || 1))
    tip.textContent = describe(marked[chosen], point)
    placeTip(tip, parts[chosen], at(".review"))
  }

  text.onpointermove = text.onpointerdown = (event) => {
    const part = event.target.closest(".part")
    if (part && Number(part.dataset.index) !== chosen) choose(Number(part.dataset.index))
    if (!part) choose(-1)
  }
  svg.onpointermove = svg.onpointerdown = (event) => {
    const box = svg.getBoundingClientRect()
    choose(nearest(points, ((event.clientX - box.left) / box.width) * points.at(-1)[0])[0])
  }
  text.onpointerleave = svg.onpointerleave = text.onblur = () => choose(-1)
  text.classList.toggle("pick", data.pick)
  text.onclick = (event) => event.target.closest(".part") && pick(chosen)
  text.onkeydown = (event) => {
    if (event.key === "Enter" && chosen >= 0) pick(chosen)
    const steps = { ArrowRight: chosen + 1, ArrowLeft: Math.max(0, chosen - 1), Home: 0, End: parts.length - 1 }
    if (event.key === "Escape") choose(-1)
    if (!(event.key in steps)) return
    event.preventDefault()
    choose(Math.min(steps[event.key], parts.length - 1))
  }
}

function nearest(points, index) {
  return points.reduce((best, point) => (Math.abs(point[0] - index) < Math.abs(best[0] - index) ? point : best))
}

function describe([words, value, unknown], point) {
  const side = value > 0 ? "towards positive" : value < 0 ? "towards negative" : "no push"
  const lines = [`${words.length > 80 ? words.slice(0, 80) + "…" : words}  ${signed(value)} ${side}`]
  if (unknown) lines.push("a word the model does not know")
  if (point) lines.push(`read up to here: ${point[2]} positive`)
  return lines.join("\n")
}

function placeTip(tip, part, review) {
  const box = part.getClientRects()[0]
  const frame = review.getBoundingClientRect()
  tip.style.top = `${box.bottom - frame.top + 6}px`
  tip.style.left = `${Math.max(0, Math.min(box.left - frame.left, frame.width - tip.offsetWidth))}px`
}
