// A text box that colours words as the user types: a text area with transparent text over a layer that shows the text.
// The colours belong to the analysed text; over any other text they are faded.

const TEXT_EVENT = "sentiment:text" // notifies verdict.js of the text in the editor
const PAUSE = 250 // milliseconds without input, after which the text is sent
const editors = new WeakMap()

export default function ({ data, parentElement, setTriggerValue }) {
  const editor = editors.get(parentElement) ?? create(parentElement)
  editor.update(data, setTriggerValue)
  return editor.stop
}

function create(parentElement) {
  const at = (selector) => parentElement.querySelector(selector)
  const [area, text] = [at("textarea"), at(".text")]
  const reader = createReader(parentElement, at)
  let data, send, revision, sent, accepted, timer

  const update = (newData, newSend) => {
    ;[data, send] = [newData, newSend]
    if (revision !== data.revision) {
      revision = data.revision
      area.value = accepted = data.text
      sent = data.analysed
    }
    at(".review").classList.add("loaded")
    at(".sheet").classList.toggle("pick", data.pick)
    area.setAttribute("aria-label", data.label)
    at(".title").textContent = data.pick ? data.label : `${data.label}: type or paste here`
    area.placeholder = data.placeholder
    text.setAttribute("aria-label", data.help)
    at(".edit").hidden = !data.pick
    showLegend(at, data)
    showCurve(at, data.curve)
    paint()
  }

  const value = () => area.value.toWellFormed?.() ?? area.value // without lone surrogates, as on the server

  const paint = () => {
    const current = value()
    const old = current !== data.analysed
    const spans = old ? carry(data.spans, data.analysed, current) : data.spans
    reader.show(current, spans, old ? { ...data, marks: {}, pick: false, curve: null, rest: null } : data, pick)
    text.classList.toggle("old", old)
    at(".curve").hidden = old || !data.curve
    at(".unread").hidden = old || !data.rest_note
    at(".unread").textContent = data.rest_note
    const waits = current !== sent && isLong(current, data)
    note(waits ? data.long_note : data.pick && !old ? data.pick_note : "")
    at(".analyse").hidden = !waits
    document.dispatchEvent(new CustomEvent(TEXT_EVENT, { detail: { text: current, revision } }))
  }

  const note = (message) => (at(".note").textContent = message)
  const pick = (index) => data.pick && send("picked", index)

  const submit = (how) => {
    clearTimeout(timer)
    const current = value()
    if (current === sent && how !== "submit") return
    if (how === "live" && isLong(current, data)) return
    if (how !== "store") sent = current
    send("typed", { text: current, how })
  }

  area.oninput = (event) => {
    if (area.value.length > data.most) {
      area.value = accepted
      return note(data.too_long)
    }
    accepted = area.value
    paint()
    clearTimeout(timer)
    if (!event.isComposing) timer = setTimeout(submit, PAUSE, "live")
  }
  area.addEventListener("compositionend", () => {
    clearTimeout(timer)
    timer = setTimeout(submit, PAUSE, "live")
  })
  area.onpaste = (event) => {
    const pasted = event.clipboardData?.getData("text/plain") ?? ""
    if (area.value.length - (area.selectionEnd - area.selectionStart) + pasted.length <= data.most) return
    event.preventDefault()
    note(data.too_long)
  }
  area.onkeydown = (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return
    event.preventDefault()
    submit("submit")
  }
  area.onblur = () => submit(isLong(value(), data) ? "store" : "live")
  at(".analyse").onclick = () => submit("submit")
  at(".edit").onclick = () => send("edit", true)

  const editor = { update, stop: () => clearTimeout(timer) }
  editors.set(parentElement, editor)
  return editor
}

function isLong(text, data) {
  return text.length > data.live_characters || (text.match(/\S+/g)?.length ?? 0) > data.live_words
}

// Returns the spans within the common prefix and suffix of two texts, with their offsets in the second one.
function carry(spans, before, after) {
  const most = Math.min(before.length, after.length)
  let begin = 0
  while (begin < most && before[begin] === after[begin]) begin++
  let end = 0
  while (end < most - begin && before[before.length - 1 - end] === after[after.length - 1 - end]) end++
  const [last, shift] = [before.length - end, after.length - before.length]
  return spans
    .filter(([start, stop]) => stop <= begin || start >= last)
    .map(([start, stop, ...rest]) => (stop <= begin ? [start, stop, ...rest] : [start + shift, stop + shift, ...rest]))
}

// Shows the words and lets pointer and arrow keys choose one, which the tooltip describes.
function createReader(parentElement, at) {
  const [text, area, tip, svg, marker] = [at(".text"), at("textarea"), at(".tip"), at(".curve svg"), at(".marker")]
  let [parts, spans, points, pick, chosen, place] = [[], [], null, () => {}, -1, ""]

  const show = (current, newSpans, data, onPick) => {
    ;[spans, points, pick] = [newSpans, data.curve?.points, onPick]
    const content = document.createDocumentFragment()
    parts = []
    let done = 0
    spans.forEach(([start, stop, value, unknown], index) => {
      content.append(current.slice(done, start))
      const removed = index in data.marks
      const part = makePart(current.slice(start, stop), removed ? 0 : value, unknown, data.scale, index)
      part.classList.toggle("removed", removed)
      parts.push(part)
      content.append(part)
      if (data.marks[index]) {
        const added = makePart(data.marks[index], value, false, data.scale, index)
        added.classList.add("added")
        content.append(added)
      }
      done = stop
    })
    const rest = document.createElement("span")
    rest.className = data.rest === null ? "" : "rest"
    rest.textContent = current.slice(done)
    content.append(rest, document.createElement("br")) // otherwise an empty last line has no height
    text.replaceChildren(content)
    choose(parentElement.activeElement === text ? Math.min(chosen, parts.length - 1) : -1)
  }

  const choose = (index) => {
    parts[chosen]?.classList.remove("chosen")
    chosen = parts[index] ? index : -1
    marker.toggleAttribute("hidden", !points || chosen < 0)
    if (chosen < 0) return tip.replaceChildren()
    parts[chosen].classList.add("chosen")
    const point = points && nearest(points, chosen)
    if (point) for (const x of ["x1", "x2"]) marker.setAttribute(x, (1000 * point[0]) / (points.at(-1)[0] || 1))
    const removed = parts[chosen].classList.contains("removed")
    const words = parts[chosen].textContent
    tip.textContent = removed ? `${words}: removed` : describe(words, spans[chosen][2], spans[chosen][3], point)
    placeTip(tip, parts[chosen], at(".review"))
  }

  const under = (event) => {
    const part = parentElement.elementsFromPoint(event.clientX, event.clientY).find((one) => one.matches(".part"))
    return part ? Number(part.dataset.index) : -1
  }
  text.onpointermove = area.onpointermove = (event) => {
    const moved = place !== (place = `${event.clientX} ${event.clientY}`) // scrolling sends this event, too
    const index = moved ? under(event) : chosen
    if (index !== chosen) choose(index)
  }
  text.onpointerleave = area.onpointerleave = text.onblur = () => choose(-1)
  area.addEventListener("input", () => choose(-1))
  text.onclick = (event) => {
    const index = under(event)
    if (index >= 0) pick(index)
  }
  text.onkeydown = (event) => {
    if ((event.key === "Enter" || event.key === " ") && chosen >= 0) {
      event.preventDefault()
      pick(chosen)
    }
    if (event.key === "Escape") choose(-1)
    const next = stepTo(event.key, chosen, parts.length - 1)
    if (next === null) return
    event.preventDefault()
    choose(next)
    parts[next]?.scrollIntoView({ block: "nearest" })
  }
  svg.onpointermove = svg.onpointerdown = (event) => {
    if (!points) return
    const box = svg.getBoundingClientRect()
    choose(nearest(points, ((event.clientX - box.left) / box.width) * points.at(-1)[0])[0])
  }
  svg.onpointerleave = () => choose(-1)
  return { show }
}

function showCurve(at, curve) {
  if (!curve) return
  const last = curve.points.at(-1)[0] || 1
  const place = ([index, p]) => `${((1000 * index) / last).toFixed(1)},${(100 * (1 - p)).toFixed(1)}`
  at(".curve .line").setAttribute("d", "M" + curve.points.map(place).join("L"))
  at(".curve figcaption").textContent = curve.title
  at(".curve svg").setAttribute("aria-label", curve.description)
}

function nearest(points, index) {
  return points.reduce((best, point) => (Math.abs(point[0] - index) < Math.abs(best[0] - index) ? point : best))
}
