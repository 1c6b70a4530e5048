// Plays one live channel: with hls.js where it runs, else with the browser's own player. It never gives up: a channel
// that is not on air, an encoder that fell silent and a server that went away are states, and each ends by itself.

const player = document.getElementById("player")
const screen = player.querySelector(".screen")
const video = player.querySelector("video")
const element = id => document.getElementById(id)
const playlist = player.dataset.playlist

const states = {
  connecting: ["Connecting", "Connecting", ""],
  offAir: ["Not on air yet", "Not on air yet", "This channel starts here by itself when it goes on the air."],
  live: ["Live"],
  behind: ["Behind live"],
  paused: ["Paused"],
  buffering: ["Buffering", "Buffering", ""],
  silent: ["Encoder silent", "The encoder is not sending", "The stream goes on here as soon as it is back."],
  lost: ["Reconnecting", "The server cannot be reached", "Trying again."],
  broken: ["Cannot play", "This browser cannot play the stream", ""],
}
let state = ""
let wantsToPlay = true

function show(next, hint) {
  if (state === next && hint === undefined) return
  state = next
  const [label, message, usualHint] = states[next]
  player.dataset.state = next
  element("state").textContent = label
  if (message) [element("message").textContent, element("hint").textContent] = [message, hint ?? usualHint]
  screen.toggleAttribute("data-curtain", message !== undefined)
}

// Is the channel on the air, and, where it was silent, is there enough behind the silence to begin with? Asked at most
// every two seconds, and less often when the server does not answer.
async function waitForChannel(wasSilent) {
  for (let delay = 1000; ; ) {
    try {
      const answer = await fetch(playlist, { cache: "no-store" })
      if (answer.ok && (!wasSilent || await hasMedia(await answer.text()))) return
      show(answer.ok ? "silent" : answer.status === 404 ? "offAir" : "lost")
      delay = answer.ok ? 300 : 1500
    } catch {
      show("lost")
      delay = Math.min(delay * 1.5, 5000)
    }
    await new Promise(resolve => setTimeout(resolve, delay))
  }
}

// Whether a client may begin at its distance from the end without meeting missing media.
async function hasMedia(multivariant) {
  const uri = multivariant.split("\n").find(line => line && !line.startsWith("#"))
  const text = await (await fetch(new URL(uri, new URL(playlist, location.href)), { cache: "no-store" })).text()
  const distance = Number(/PART-HOLD-BACK=([\d.]+)/.exec(text)?.[1] ?? 0)
  const behind = text.slice(Math.max(text.lastIndexOf("GAP=YES"), text.lastIndexOf("#EXT-X-GAP"), 0))
  let length = 0
  for (const [, seconds] of behind.matchAll(/#EXT-X-PART:DURATION=([\d.]+)/g)) length += Number(seconds)
  return length >= distance
}

async function loadHls() {
  try {
    const module = await import("/player/hls.js")
    return module.default ?? module.Hls ?? module.H ?? window.Hls
  } catch {
    return window.Hls
  }
}

// One engine plays until the stream is gone; `ended` is resolved then, and the page looks for the channel again.
class HlsEngine {
  constructor(Hls) {
    this.ended = new Promise(resolve => (this.end = resolve))
    this.hls = new Hls({ lowLatencyMode: true, maxLiveSyncPlaybackRate: 1.5, backBufferLength: 30 })
    let recovered = 0
    this.hls.on(Hls.Events.ERROR, (_, error) => {
      // For whoever looks into the page: what went wrong last.
      player.dataset.error = `${error.details}${error.fatal ? ", fatal" : ""}: ${error.error?.message ?? error.reason ?? ""}`
      const isPlaylist = error.details === "levelLoadError" || error.details === "audioTrackLoadError"
      if (isPlaylist && error.response?.code === 404) return this.end()
      if (!error.fatal) return
      if (error.type === "mediaError" && Date.now() - recovered > 5000) {
        recovered = Date.now()
        return this.hls.recoverMediaError()
      }
      this.end()
    })
    this.hls.on(Hls.Events.LEVEL_UPDATED, (_, { details }) => {
      this.hasParts = Boolean(details.partList)
      const last = details.partList?.at(-1) ?? details.fragments.at(-1)
      this.isSilent = Boolean(last?.gap)
    })
    this.hls.loadSource(playlist)
    this.hls.attachMedia(video)
  }
  get latency() { return this.hls.latency || undefined }
  get target() { return this.hls.targetLatency ?? 3 }
  get edge() { return this.hls.liveSyncPosition }
  close() { this.hls.destroy() }
}

class NativeEngine {
  isSilent = false
  target = 10
  constructor() {
    this.ended = new Promise(resolve => (this.end = resolve))
    video.onerror = video.onended = () => this.end()
    video.src = playlist
  }
  get latency() {
    const start = video.getStartDate?.().getTime()
    if (start) return (Date.now() - start) / 1000 - video.currentTime
    return video.seekable.length ? video.seekable.end(video.seekable.length - 1) - video.currentTime : undefined
  }
  get edge() { return video.seekable.length ? video.seekable.end(video.seekable.length - 1) - 2 : undefined }
  close() {
    video.onerror = video.onended = null
    video.removeAttribute("src")
    video.load()
  }
}

let engine
let progressed = { at: 0, time: 0 }
let hasBegun = false

function start() {
  video.play().catch(() => {
    // Sound without a click is refused by most browsers; silence is not.
    if (!video.muted) { video.muted = true; video.play().catch(() => {}) }
  })
}

// Over a hole, such as the time in which nothing came in, to what is there behind it.
function leapHole() {
  const now = video.currentTime
  for (let range = 0; range < video.buffered.length; range++) {
    const begin = video.buffered.start(range)
    if (begin > now && video.buffered.end(range) - begin > 0.3) { video.currentTime = begin + 0.05; return }
  }
  if (engine.edge > now + 1 && !engine.isSilent) video.currentTime = engine.edge
}

function look() {
  element("clock").textContent = new Date().toISOString().slice(11, 21)
  player.dataset.playing = video.paused ? "no" : "yes"
  player.dataset.muted = video.muted ? "yes" : "no"
  element("play").setAttribute("aria-label", video.paused ? "Play" : "Pause")
  element("sound").setAttribute("aria-label", video.muted ? "Sound on" : "Sound off")
  element("edge").hidden = !engine
  if (!engine) return
  if (video.videoWidth) element("resolution").textContent = `${video.videoWidth} × ${video.videoHeight}`
  if (video.currentTime !== progressed.time) progressed = { at: Date.now(), time: video.currentTime }
  hasBegun ||= progressed.time > 0 && video.readyState >= 3
  const isMoving = Date.now() - progressed.at < 800
  const latency = engine.latency
  if (latency > 0) element("latency").textContent = `${latency.toFixed(1)} s`
  const isBehind = latency > engine.target + 4
  element("edge-label").textContent = isBehind ? "Go live" : "Live"
  if (video.paused && !wantsToPlay) show("paused")
  // A player that was only moved to where it is to begin has not begun.
  else if (isMoving && hasBegun) show(isBehind ? "behind" : "live")
  else if (engine.isSilent) {
    show("silent")
    // So near to the end a player stumbles into what comes back, and stays the further behind for it: begin afresh.
    if (engine.hasParts) engine.end()
  }
  else if (hasBegun) show("buffering")
  if (!isMoving && wantsToPlay && Date.now() - progressed.at > 1500) {
    progressed.at = Date.now() - 800
    if (video.paused) start()
    leapHole()
  }
}

async function run() {
  const Hls = await loadHls()
  const usesHls = Boolean(Hls?.isSupported())
  const isNative = video.canPlayType("application/vnd.apple.mpegurl") !== "" && !usesHls
  if (!usesHls && !isNative) {
    return show("broken", Hls
      ? "It has no Media Source Extensions. Please update it."
      : "hls.js is not installed on this server: run Tools/setup, or set player.hls in its configuration.")
  }
  for (;;) {
    const wasSilent = state === "silent"
    if (!wasSilent) show("connecting")
    await waitForChannel(wasSilent)
    if (!wasSilent) show("connecting")
    progressed = { at: Date.now(), time: 0 }
    hasBegun = false
    engine = usesHls ? new HlsEngine(Hls) : new NativeEngine()
    if (wantsToPlay) start()
    await engine.ended
    engine.close()
    engine = undefined
    element("latency").textContent = "–"
    if (state !== "silent") await new Promise(resolve => setTimeout(resolve, 500))
  }
}

const actions = {
  play() {
    wantsToPlay = video.paused
    if (wantsToPlay) start()
    else video.pause()
  },
  sound() { video.muted = !video.muted },
  edge() {
    wantsToPlay = true
    if (engine?.edge) video.currentTime = engine.edge
    start()
  },
  full() {
    if (document.fullscreenElement) document.exitFullscreen()
    else if (screen.requestFullscreen) screen.requestFullscreen()
    else video.webkitEnterFullscreen?.()
  },
}
for (const [id, action] of Object.entries(actions)) element(id).addEventListener("click", () => { action(); look() })
document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("button, a")) return
  const action = { " ": "play", k: "play", m: "sound", l: "edge", f: "full" }[event.key]
  if (!action) return
  event.preventDefault()
  actions[action]()
  look()
})
element("address").textContent = new URL(playlist, location.href).href
setInterval(look, 100)
look()
run()
