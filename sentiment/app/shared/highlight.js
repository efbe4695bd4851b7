// Shows a review with the contribution of each part. Pointer and arrow keys choose a part, which the tooltip describes.

export default function ({ data, parentElement }) {
  const at = (selector) => parentElement.querySelector(selector)
  const parts = showText(at(".text"), data)
  showLegend(at, data)
  connectTooltip(at, data, parts)
}

function showText(text, data) {
  const content = document.createDocumentFragment()
  const parts = []
  for (const [words, value, unknown] of data.parts) {
    if (value === null) {
      content.append(words)
      continue
    }
    parts.push(makePart(words, value, unknown, data.scale, parts.length))
    content.append(parts.at(-1))
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

function connectTooltip(at, data, parts) {
  const [text, tip] = [at(".text"), at(".tip")]
  const marked = data.parts.filter((part) => part[1] !== null)
  let chosen = -1

  const choose = (index) => {
    parts[chosen]?.classList.remove("chosen")
    chosen = parts[index] ? index : -1
    if (chosen < 0) return tip.replaceChildren()
    parts[chosen].classList.add("chosen")
    tip.textContent = describe(...marked[chosen])
    placeTip(tip, parts[chosen], at(".review"))
  }

  text.onpointermove = text.onpointerdown = (event) => {
    const part = event.target.closest(".part")
    if (part && Number(part.dataset.index) !== chosen) choose(Number(part.dataset.index))
    if (!part) choose(-1)
  }
  text.onpointerleave = text.onblur = () => choose(-1)
  text.onkeydown = (event) => {
    if (event.key === "Escape") choose(-1)
    const next = stepTo(event.key, chosen, parts.length - 1)
    if (next === null) return
    event.preventDefault()
    choose(next)
  }
}
