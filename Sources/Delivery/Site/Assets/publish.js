// Shows a broadcaster how the feed does that belongs to a stream key: asks every two seconds, for as long as the page is
// seen.

const element = id => document.getElementById(id)
const pause = 2000
const shown = 60
let key = sessionStorage.getItem("streamKey") ?? ""
let turn = 0
let rates = []
let channel = ""

element("ask").addEventListener("submit", event => {
  event.preventDefault()
  key = element("key").value.trim()
  sessionStorage.setItem("streamKey", key)
  begin()
})
element("ask").querySelector("button").disabled = false
document.addEventListener("visibilitychange", () => document.hidden || begin())
if (key) {
  element("key").value = key
  begin()
}

// Only the latest turn goes on asking.
async function begin() {
  const mine = ++turn
  while (key && mine === turn && !document.hidden) {
    const goesOn = await ask(mine)
    if (!goesOn) return
    await new Promise(resolve => setTimeout(resolve, pause))
  }
}

async function ask(mine) {
  let answer, body
  try {
    answer = await fetch("/v1/feed", { headers: { Authorization: `Bearer ${encodeURIComponent(key)}` }, cache: "no-store" })
    body = await answer.json()
  } catch {
    if (mine === turn) element("problem").textContent = "The server cannot be reached. Trying again."
    return true
  }
  if (mine !== turn) return false
  element("problem").textContent = answer.ok ? "" : `${body.title}.`
  element("report").hidden = !answer.ok
  if (answer.ok) show(body)
  else sessionStorage.removeItem("streamKey")
  return answer.ok
}

const states = { onAir: "On the air", standby: "On standby", absent: "Nothing comes in" }

function show(feed) {
  const place = `${feed.channel} ${feed.input}`
  if (place !== channel || feed.state === "absent") [channel, rates] = [place, []]
  element("report").dataset.feed = feed.state
  element("name").textContent = feed.name + (feed.input === "backup" ? " (backup)" : "")
  element("state").textContent = states[feed.state]
  const { pictures, sound } = feed
  const total = [pictures, ...sound].reduce((sum, one) => sum + (one?.bitRate?.latest ?? 0), 0)
  if (total) rates = [...rates, total].slice(-shown)
  draw()
  element("facts").replaceChildren(...facts(feed, pictures, sound).map(fact))
  element("advice").replaceChildren(...advice(feed).map(item))
}

function facts(feed, pictures, sound) {
  if (feed.state === "absent") return []
  const list = []
  if (pictures) {
    const interval = pictures.keyFrameInterval
    list.push(["Picture", `${pictures.width} × ${pictures.height}`, pictures.codec])
    list.push(["Frame rate", pictures.frameRate ? number(pictures.frameRate, 2) : "–", "pictures a second"])
    list.push(["Bit rate", rate(pictures.bitRate?.average), pictures.bitRate && `${rate(pictures.bitRate.peak)} at its peak`])
    list.push(["Key frames", interval ? `${span(interval)} s apart` : "–", pictures.reorderDelay ? `B-frames, ${Math.round(pictures.reorderDelay * 1000)} ms` : "no B-frames"])
  }
  for (const one of sound) {
    const layout = { 1: "mono", 2: "stereo" }[one.channels] ?? `${one.channels} channels`
    list.push([one.language ? `Sound, ${one.language}` : "Sound", `${number(one.sampleRate / 1000, 1)} kHz ${layout}`, `${one.codec}, ${rate(one.bitRate?.average)}`])
  }
  const drift = feed.clock.driftPartsPerMillion
  list.push(["Arrival", `within ${number(feed.arrival.unevenness, 2)} s`, "of its own pace"])
  list.push(["Clock", drift === null ? "–" : `${drift > 0 ? "+" : ""}${number(drift, 0)} ppm`, drift === null ? "known after a minute" : "against ours"])
  list.push(["Coming in for", time(feed.seconds), ""])
  return list
}

function advice(feed) {
  if (feed.advice.length) return feed.advice
  if (feed.state === "absent") return [{ severity: "none", text: "Start your encoder: what it sends is shown here." }]
  if (feed.seconds < 10) return [{ severity: "none", text: "Measuring." }]
  return [{ severity: "none", text: "Nothing could be better." }]
}

function fact([label, value, more]) {
  const group = document.createElement("div")
  group.append(make("dt", label), make("dd", value))
  if (more) group.lastChild.append(make("small", more))
  return group
}

function item({ severity, text, code }) {
  const line = make("li", "")
  line.dataset.severity = severity
  if (code) line.dataset.code = code
  const title = { problem: "Problem", hint: "Could be better" }[severity]
  if (title) line.append(make("b", title))
  line.append(text)
  return line
}

function make(kind, text) {
  const made = document.createElement(kind)
  made.textContent = text
  return made
}

function draw() {
  const top = Math.max(...rates, 1) * 1.15
  const points = rates.map((value, index) => [600 - (rates.length - 1 - index) * (600 / (shown - 1)), 90 - (value / top) * 90])
  const line = points.map(point => point.map(one => one.toFixed(1)).join(",")).join(" ")
  element("chart").querySelector("polyline").setAttribute("points", line)
  const area = points.length > 1 ? `M${points[0][0]},90 L${line.replaceAll(" ", " L")} L${points.at(-1)[0]},90 Z` : ""
  element("chart").querySelector("path").setAttribute("d", area)
}

function number(value, places) {
  return Number(value.toFixed(places)).toString()
}

function rate(bits) {
  if (bits === undefined) return "–"
  return bits >= 1e6 ? `${number(bits / 1e6, 1)} Mb/s` : `${Math.round(bits / 1000)} kb/s`
}

function span({ shortest, longest }) {
  return longest - shortest > 0.05 ? `${number(shortest, 1)} to ${number(longest, 1)}` : number(longest, 1)
}

function time(seconds) {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  const two = value => String(value).padStart(2, "0")
  return hours ? `${hours}:${two(minutes)}:${two(Math.floor(seconds % 60))}` : `${minutes}:${two(Math.floor(seconds % 60))}`
}
