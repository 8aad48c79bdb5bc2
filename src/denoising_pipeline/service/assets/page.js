const one = (id) => document.getElementById(id);
const stage = one("stage");
const scroller = one("scroller");
const layers = one("layers");
const divider = one("divider");
const strength = one("strength");

let result = null;
let split = 0.5;
let request = null;
let expiry = 0;

async function denoise(file) {
  request?.abort();
  const mine = (request = new AbortController());
  show({ busy: `Denoising ${file.name} …` });
  try {
    const address = `/results?${new URLSearchParams({ name: file.name })}`;
    const type = "application/octet-stream";
    const headers = { "Content-Type": type };
    const options = { method: "POST", body: file, headers, signal: mine.signal };
    const answer = await fetch(address, options);
    const found = await answer.json();
    if (!answer.ok) throw new Error(found.detail);
    if (result) fetch(result.file, { method: "DELETE" });
    result = found;
    await showResult(file.name);
  } catch (error) {
    if (!mine.signal.aborted) show({ error: explained(error) });
  }
}

function explained(error) {
  return error instanceof TypeError ? "The service does not answer: is it still running?" : error.message;
}

function show({ busy = "", error = "", done = "" }) {
  document.body.classList.toggle("busy", Boolean(busy));
  document.body.classList.toggle("done", Boolean(done));
  one("progress").hidden = !busy;
  one("status").textContent = busy || done;
  one("error").hidden = !error;
  one("error").textContent = error;
  one("result").hidden = !done;
}

async function showResult(name) {
  one("pages").hidden = result.pages.length < 2;
  one("page").max = result.pages.length;
  one("page").value = 1;
  strength.value = 100;
  split = 0.5;
  zoom(false);
  await showPage();
  const items = result.warnings.map((text) => element("li", text));
  one("warnings").replaceChildren(...items);
  show({ done: `${name}: done in ${seconds(result.seconds)}.` });
  blend();
  fit();
  clearTimeout(expiry);
  expiry = setTimeout(expire, result.kept_seconds * 1000);
}

async function showPage() {
  const page = one("page").value - 1;
  const shown = [[one("before"), result.before], [one("after"), result.after]];
  await Promise.all(
    shown.map(([image, addresses]) => {
      image.src = addresses[page];
      return image.decode();
    }),
  );
  const { height, width, noise_level: level, predicted, seconds: took } = result.pages[page];
  const facts = {
    "Noise level, of 255": level === null ? "unknown" : level.toFixed(1),
    Size: `${width} x ${height}`,
    Kind: `${result.format}, ${result.mode}, ${result.depth}`,
    Time: seconds(took),
  };
  if (predicted) {
    const [psnr, low, high] = [predicted.psnr, predicted.low, predicted.high].map((db) => db.toFixed(1));
    facts["Predicted PSNR (in 9 of 10 within)"] = `${psnr} dB (${low} to ${high})`;
  }
  const pairs = Object.entries(facts).map(([key, value]) => {
    const pair = document.createElement("div");
    pair.append(element("dt", key), element("dd", value));
    return pair;
  });
  one("facts").replaceChildren(...pairs);
}

function element(kind, text) {
  const made = document.createElement(kind);
  made.textContent = text;
  return made;
}

function seconds(number) {
  return `${number < 10 ? number.toFixed(1) : Math.round(number)} s`;
}

function expire() {
  one("download").removeAttribute("href");
  one("status").textContent = "The result is not kept any longer: drop the picture again to download it.";
}

function blend() {
  const share = strength.value / 100;
  one("percent").textContent = `${strength.value} %`;
  layers.style.setProperty("--strength", share);
  one("download").href = `${result.file}?strength=${share}`;
}

function fit() {
  const image = one("before");
  const zoomed = stage.classList.contains("zoomed");
  const room = stage.parentElement.clientWidth;
  const natural = image.naturalWidth;
  const tallest = (0.75 * innerHeight * natural) / image.naturalHeight;
  const inside = Math.min(room, Math.max(natural, 320), tallest);
  const width = zoomed ? natural / devicePixelRatio : inside;
  layers.style.width = `${width}px`;
  stage.style.width = `${Math.min(width, room)}px`;
  stage.classList.toggle("enlarged", width * devicePixelRatio > 1.5 * natural);
  place();
}

function place() {
  const covered = scroller.scrollLeft + split * scroller.clientWidth;
  stage.style.setProperty("--split", `${100 * split}%`);
  layers.style.setProperty("--covered", `${covered}px`);
  divider.setAttribute("aria-valuenow", Math.round(100 * split));
}

function move(to) {
  split = Math.min(1, Math.max(0, to));
  place();
}

function zoom(on) {
  stage.classList.toggle("zoomed", on);
  one("zoom").setAttribute("aria-pressed", on);
}

const STEPS = { ArrowLeft: -0.02, ArrowDown: -0.02, ArrowRight: 0.02, ArrowUp: 0.02, PageDown: -0.1, PageUp: 0.1, Home: -1, End: 1 };

divider.addEventListener("keydown", (event) => {
  if (!(event.key in STEPS)) return;
  event.preventDefault();
  move(split + STEPS[event.key]);
});

stage.addEventListener("pointerdown", (event) => {
  if (event.button || (stage.classList.contains("zoomed") && event.target !== divider)) return;
  stage.setPointerCapture(event.pointerId);
  drag(event);
});
stage.addEventListener("pointermove", (event) => {
  if (stage.hasPointerCapture(event.pointerId)) drag(event);
});

function drag(event) {
  const box = stage.getBoundingClientRect();
  move((event.clientX - box.left) / box.width);
}

scroller.addEventListener("scroll", place);
addEventListener("resize", () => result && fit());
strength.addEventListener("input", blend);
one("zoom").addEventListener("click", () => {
  zoom(!stage.classList.contains("zoomed"));
  fit();
});
one("page").addEventListener("change", async () => {
  if (!one("page").checkValidity()) return;
  await showPage();
  fit();
});
one("form").addEventListener("submit", (event) => event.preventDefault());
one("file").addEventListener("change", (event) => {
  const [file] = event.target.files;
  if (file) denoise(file);
  event.target.value = "";
});
addEventListener("paste", (event) => {
  const [file] = event.clipboardData.files;
  if (file) denoise(file);
});
for (const [kind, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
  addEventListener(kind, (event) => {
    event.preventDefault();
    document.body.classList.toggle("over", over);
    const [file] = kind === "drop" ? event.dataTransfer.files : [];
    if (file) denoise(file);
  });
}
one("example").textContent = `curl --data-binary @photo.jpg -OJ "${location.origin}/denoise?name=photo.jpg"`;
