const MARGIN = 14, REACH = 14, SIDE = 112;
const many = data.groups.length > 0 ? Math.max(...data.groups) + 1 : 1;
const dark = matchMedia("(prefers-color-scheme: dark)");
const buttons = [...document.querySelectorAll(".legend [data-group]")];
const maps = [...document.querySelectorAll(".maps canvas")];
const shown = document.querySelector(".shown");
const atlas = document.querySelector(".atlas");
const visible = buttons.map(() => true);
let chosen = null;

// Hues around the circle, every second one lighter: neighbours in the list differ twice.
const colour = (group) => {
  const light = (dark.matches ? 62 : 42) + (group % 2 ? 14 : 0);
  return `hsl(${(360 * group) / many} ${dark.matches ? 75 : 80}% ${light}%)`;
};

const place = (canvas, index) => {
  const side = canvas.clientWidth - 2 * MARGIN;
  const [x, y] = data.maps[canvas.dataset.map].places[index];
  return [MARGIN + x * side, MARGIN + (1 - y) * side];
};

const draw = (canvas) => {
  const side = canvas.clientWidth, ratio = devicePixelRatio || 1;
  canvas.width = canvas.height = Math.round(side * ratio);
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  context.globalAlpha = 0.75;
  data.groups.forEach((group, index) => {
    if (!visible[group]) return;
    const [x, y] = place(canvas, index);
    context.fillStyle = colour(group);
    context.beginPath();
    context.arc(x, y, 2.6, 0, 7);
    context.fill();
  });
  if (chosen === null) return;
  const [x, y] = place(canvas, chosen);
  context.globalAlpha = 1;
  context.lineWidth = 2.5;
  context.strokeStyle = getComputedStyle(document.body).color;
  context.beginPath();
  context.arc(x, y, 7, 0, 7);
  context.stroke();
};

const drawAll = () => {
  buttons.forEach((button, group) => {
    button.style.setProperty("--dot", colour(group));
    button.setAttribute("aria-pressed", visible[group]);
  });
  maps.forEach(draw);
};

const nearest = (canvas, event) => {
  const box = canvas.getBoundingClientRect();
  let found = null, least = REACH ** 2;
  data.groups.forEach((group, index) => {
    if (!visible[group]) return;
    const [x, y] = place(canvas, index);
    const distance = (x - event.clientX + box.left) ** 2 + (y - event.clientY + box.top) ** 2;
    if (distance < least) [found, least] = [index, distance];
  });
  return found;
};

const show = (index, event) => {
  shown.hidden = index === null;
  if (index !== chosen) {
    chosen = index;
    maps.forEach(draw);
    if (index !== null) {
      const canvas = shown.querySelector("canvas");
      const zoom = Math.max(1, Math.round(SIDE / Math.max(data.width, data.height)));
      canvas.width = data.width * zoom;
      canvas.height = data.height * zoom;
      const context = canvas.getContext("2d");
      context.imageSmoothingEnabled = false;
      const left = (index % data.columns) * data.width;
      const top = Math.floor(index / data.columns) * data.height;
      const from = [left, top, data.width, data.height];
      context.drawImage(atlas, ...from, 0, 0, canvas.width, canvas.height);
      shown.querySelector("p").textContent = data.titles[index];
    }
  }
  if (index === null) return;
  const { width, height } = shown.getBoundingClientRect();
  shown.style.left = `${Math.max(4, Math.min(event.clientX + 18, innerWidth - width - 4))}px`;
  shown.style.top = `${Math.max(4, Math.min(event.clientY + 18, innerHeight - height - 4))}px`;
};

for (const canvas of maps) {
  for (const kind of ["pointermove", "pointerdown"]) {
    canvas.addEventListener(kind, (event) => show(nearest(canvas, event), event));
  }
  canvas.addEventListener("pointerleave", (event) => show(null, event));
}
buttons.forEach((button, group) => {
  button.addEventListener("click", () => {
    visible[group] = !visible[group];
    drawAll();
  });
});
for (const [name, state] of [["all", true], ["none", false]]) {
  document.querySelector(`.legend .${name}`).addEventListener("click", () => {
    visible.fill(state);
    drawAll();
  });
}
addEventListener("resize", drawAll);
dark.addEventListener("change", drawAll);
drawAll();
