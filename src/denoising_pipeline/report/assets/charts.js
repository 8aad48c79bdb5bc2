// Charts are drawn at the width they have, so that words stay readable on a phone; they are read
// with a pointer or the arrow keys, and zoomed by dragging, buttons or keys.
class Chart {
  constructor(figure) {
    this.data = JSON.parse(figure.querySelector("script").textContent);
    const { title, shape, x, series } = this.data;
    this.gap = x.length > 1 ? Math.min(...x.slice(1).map((value, i) => value - x[i])) : 1;
    const room = shape === "line" && x.length > 1 ? 0.02 * (x.at(-1) - x[0]) : this.gap / 2;
    this.whole = [x[0] - room, x.at(-1) + room];
    this.range = this.whole;
    this.index = null;
    this.zoomable = shape !== "points" && x.length > 8;
    this.plot = figure.querySelector(".plot");
    this.readout = document.createElement("output");
    this.root = svg("svg", { role: "img", tabindex: 0 });
    const names = series.map(({ name }) => name).join(" and ");
    this.root.setAttribute("aria-label", `${title}: ${names}. The arrow keys read its values.`);
    this.plot.append(this.readout, this.root);
    if (this.zoomable) this.plot.append(this.tools());
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.point();
    new ResizeObserver(() => this.draw()).observe(this.plot);
  }

  tools() {
    const bar = document.createElement("div");
    bar.className = "tools";
    const actions = [
      ["Zoom in", () => this.zoom(0.5)],
      ["Zoom out", () => this.zoom(2)],
      ["Show all", () => this.show(this.whole)],
    ];
    for (const [name, action] of actions) {
      const button = document.createElement("button");
      button.textContent = name;
      button.addEventListener("click", action);
      bar.append(button);
    }
    return bar;
  }

  draw() {
    if (!this.plot.clientWidth) return;
    this.frame = new Frame(this.root, this.data, this.range, this.plot.clientWidth, this.gap);
    this.read(this.frame.visible.includes(this.index) ? this.index : null);
  }

  show([low, high]) {
    const width = Math.min(Math.max(high - low, 3 * this.gap), this.whole[1] - this.whole[0]);
    const latest = this.whole[1] - width;
    const start = Math.min(Math.max((low + high - width) / 2, this.whole[0]), latest);
    this.range = [start, start + width];
    this.draw();
  }

  zoom(factor) {
    if (!this.zoomable) return;
    const [low, high] = this.range;
    const middle = this.index === null ? (low + high) / 2 : this.data.x[this.index];
    const half = ((high - low) * factor) / 2;
    this.show([middle - half, middle + half]);
  }

  read(index) {
    const { frame } = this;
    const { x, names, series, x_title: title, digits } = this.data;
    this.index = index;
    frame.chosen.replaceChildren();
    if (index === null) {
      const more = this.zoomable ? ", drag over it to zoom" : "";
      this.readout.textContent = `Point at the chart to read it${more}.`;
      return;
    }
    const at = frame.x(x[index]);
    frame.chosen.append(svg("line", { x1: at, x2: at, y1: frame.top, y2: frame.floor }));
    const form = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    const shown = (value) => value.toLocaleString("en", form);
    const parts = series.map(({ name, values, low, high }) => {
      if (values[index] === null) return `${name} –`;
      frame.chosen.append(svg("circle", { cx: at, cy: frame.y(values[index]), r: 7 }));
      const ends = low ? ` (${shown(low[index])} to ${shown(high[index])})` : "";
      return `${name} ${shown(values[index])}${ends}`;
    });
    const position = names?.[index] ?? Number(x[index].toPrecision(4)).toLocaleString("en");
    this.readout.textContent = `${title} ${position}: ${parts.join(", ")}`;
  }

  point() {
    let start = null;
    const pixel = (event) => event.clientX - this.root.getBoundingClientRect().left;
    const choose = (event) => {
      const { frame } = this;
      const far = (i) => Math.abs(frame.x(this.data.x[i]) - pixel(event));
      this.read(frame.visible.reduce((best, i) => (far(i) < far(best) ? i : best)));
      if (start === null) return;
      const [from, to] = [start, pixel(event)].sort((a, b) => a - b);
      const size = { width: to - from, height: frame.floor - frame.top };
      frame.chosen.append(svg("rect", { x: from, y: frame.top, ...size }));
    };
    this.root.addEventListener("pointermove", choose);
    this.root.addEventListener("pointerdown", (event) => {
      if (this.zoomable && event.pointerType === "mouse") {
        start = pixel(event);
        this.root.setPointerCapture(event.pointerId);
      }
      choose(event);
    });
    this.root.addEventListener("pointerup", (event) => {
      const ends = [start, pixel(event)].sort((a, b) => a - b);
      const dragged = start !== null && ends[1] - ends[0] > 8;
      start = null;
      if (dragged) this.show(ends.map((end) => this.frame.value(end)));
    });
    this.root.addEventListener("pointerleave", () => this.read(null));
    this.root.addEventListener("dblclick", () => this.show(this.whole));
  }

  key(event) {
    const { visible } = this.frame;
    const here = visible.indexOf(this.index);
    const actions = {
      ArrowRight: () => this.read(visible[Math.min(here + 1, visible.length - 1)]),
      ArrowLeft: () => this.read(visible[Math.max(here - 1, 0)]),
      Home: () => this.read(visible[0]),
      End: () => this.read(visible.at(-1)),
      Escape: () => this.show(this.whole),
      "+": () => this.zoom(0.5),
      "-": () => this.zoom(2),
    };
    if (!(event.key in actions) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    actions[event.key]();
  }
}

for (const figure of document.querySelectorAll(".chart")) new Chart(figure);
