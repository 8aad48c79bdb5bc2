// One drawing of a chart: scales, axes, series and labels for a certain width and range.
const svg = (tag, attributes, text) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const key in attributes) element.setAttribute(key, attributes[key]);
  if (text !== undefined) element.textContent = text;
  return element;
};

const ticks = (low, high, count) => {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) {
    found.push(Number((k * step).toPrecision(12)));
  }
  return found;
};

const LETTER = 8.4; // px, width of one at most
const LINE = 17; // px, from one label to the next

class Frame {
  constructor(root, data, range, width, gap) {
    const height = Math.round(Math.min(340, Math.max(230, width * 0.42)));
    const longest = Math.max(...data.series.map(({ name }) => name.length));
    Object.assign(this, { root, data, range, gap, left: 54, top: 44, floor: height - 46 });
    this.inner = width - this.left - (data.shape === "bars" ? 12 : (longest + 2) * LETTER + 10);
    const inside = (value) => value >= range[0] && value <= range[1];
    this.visible = [...data.x.keys()].filter((i) => inside(data.x[i]));
    root.setAttribute("viewBox", `0 0 ${width} ${height}`);
    root.setAttribute("height", height);
    root.replaceChildren();
    this.scale();
    this.axes();
    this.add("text", { x: 0, y: 14, class: "title" }, data.y_title);
    const middle = { x: this.left + this.inner / 2, y: height - 6, class: "title middle" };
    this.add("text", middle, data.x_title);
    const marks = data.marks.filter(([value]) => inside(value)).map((mark) => this.mark(mark));
    const room = data.shape === "bars" ? 0 : 8;
    const area = { x: this.left - room, width: this.inner + 2 * room, height: this.floor };
    this.ink = this.add("svg", { ...area, viewBox: `${area.x} 0 ${area.width} ${area.height}` });
    this.label([...data.series.map((series) => this.trace(series)).filter(Boolean), ...marks]);
    this.chosen = this.add("g", { class: "chosen" });
  }

  add(tag, attributes, text) {
    const element = svg(tag, attributes, text);
    this.root.append(element);
    return element;
  }

  x(value) {
    return this.left + ((value - this.range[0]) / (this.range[1] - this.range[0])) * this.inner;
  }

  value(x) {
    return this.range[0] + ((x - this.left) / this.inner) * (this.range[1] - this.range[0]);
  }

  y(value) {
    return this.floor - ((value - this.low) / (this.high - this.low)) * (this.floor - this.top);
  }

  scale() {
    const bars = this.data.shape === "bars";
    const seen = this.visible.flatMap((i) =>
      this.data.series.flatMap(({ values, low, high }) => [values[i], low?.[i], high?.[i]]),
    );
    const values = seen.filter((value) => value !== null && value !== undefined);
    const least = bars ? 0 : Math.min(...values);
    const most = Math.max(...values);
    const room = 0.06 * (most - least) || 0.5;
    this.low = bars ? 0 : least - room;
    this.high = most + room;
  }

  axes() {
    const ends = { x1: this.left, x2: this.left + this.inner };
    for (const value of ticks(this.low, this.high, 6)) {
      const y = this.y(value);
      this.add("line", { ...ends, y1: y, y2: y, class: "grid" });
      this.add("text", { x: this.left - 8, y: y + 4, class: "end" }, value.toLocaleString("en"));
    }
    this.add("line", { ...ends, y1: this.floor, y2: this.floor, class: "axis" });
    for (const [value, text] of this.positions()) {
      this.add("text", { x: this.x(value), y: this.floor + 19, class: "middle" }, text);
    }
  }

  positions() {
    const { names, x } = this.data;
    if (names) {
      const widest = (Math.max(...names.map((name) => name.length)) + 1) * LETTER;
      const every = Math.ceil((names.length * widest) / this.inner);
      return x.map((value, i) => [value, names[i]]).filter((_, i) => i % every === 0);
    }
    const whole = x.every(Number.isInteger);
    return ticks(...this.range, Math.max(3, Math.min(8, this.inner / 70)))
      .filter((value) => !whole || Number.isInteger(value))
      .map((value) => [value, value.toLocaleString("en")]);
  }

  mark([value, text]) {
    const x = this.x(value);
    this.add("line", { x1: x, x2: x, y1: this.top - 8, y2: this.floor, class: "mark" });
    const width = text.length * LETTER;
    const left = Math.min(Math.max(x - width / 2, this.left), this.left + this.inner - width);
    return { x: left, y: this.top - 12, text, width, still: true };
  }

  trace(series) {
    const style = series.faint ? "faint" : series.strong ? "strong" : "weak";
    const kind = `series ${style}`;
    const group = svg("g", { class: kind });
    this.ink.append(group);
    return this.data.shape === "bars" ? this.bars(series, group) : this.points(series, group);
  }

  bars({ name, values }, group) {
    const half = this.gap / 2;
    const steps = values.map((count, i) => {
      const [from, to] = [this.x(this.data.x[i] - half), this.x(this.data.x[i] + half)];
      if (!count) return `L${from},${this.floor}M${to},${this.floor}`;
      return `L${from},${this.y(count)}L${to},${this.y(count)}`;
    });
    const end = `${this.x(this.data.x.at(-1) + half)},${this.floor}`;
    const d = `M${this.x(this.data.x[0] - half)},${this.floor}${steps.join("")}L${end}`;
    group.append(svg("path", { d, class: "area" }), svg("path", { d }));
    const top = this.visible.reduce((best, i) => (values[i] > values[best] ? i : best));
    const width = name.length * LETTER;
    const x = this.x(this.data.x[top]) - width / 2;
    const left = Math.min(Math.max(x, this.left), this.left + this.inner - width);
    return values[top] ? { x: left, y: this.y(values[top]) - 8, text: name, width } : null;
  }

  points({ name, values, low, high, strong, faint }, group) {
    const { shape, x } = this.data;
    const drawn = [...x.keys()].filter((i) => values[i] !== null);
    const corners = (ends, order) => order.map((i) => `${this.x(x[i])},${this.y(ends[i])}`);
    if (low && shape === "line") {
      const around = [...corners(high, drawn), ...corners(low, [...drawn].reverse())];
      group.append(svg("path", { d: `M${around.join("L")}Z`, class: "area" }));
    }
    if (shape === "line") group.append(svg("path", { d: `M${corners(values, drawn).join("L")}` }));
    const place = this.data.series.findIndex((one) => one.name === name);
    const side = shape === "points" ? 9 * (place - (this.data.series.length - 1) / 2) : 0;
    const every = shape === "line" ? Math.ceil((this.visible.length * 24) / this.inner) : 1;
    for (const i of drawn.filter((i) => i % every === 0)) {
      const [cx, cy] = [this.x(x[i]) + side, this.y(values[i])];
      if (low && shape === "points") {
        const [top, bottom] = [this.y(high[i]), this.y(low[i])];
        const caps = `M${cx - 5},${top}h10M${cx},${top}V${bottom}M${cx - 5},${bottom}h10`;
        group.append(svg("path", { d: caps }));
      }
      const square = { x: cx - 4, y: cy - 4, width: 8, height: 8, class: "marker" };
      const circle = { cx, cy, r: 4, class: "marker" };
      const turned = { ...square, transform: `rotate(45 ${cx} ${cy})` };
      group.append(strong ? svg("circle", circle) : svg("rect", faint ? turned : square));
    }
    const last = drawn.filter((i) => this.visible.includes(i)).at(-1);
    if (last === undefined) return null;
    const y = this.y(values[last]) + 4;
    const text = `${faint ? "◇" : strong ? "●" : "□"} ${name}`;
    return { x: this.left + this.inner + 10, y, text, width: text.length * LETTER };
  }

  // Labels that would cover another go up, or down where there is no room above.
  label(labels) {
    const placed = labels.filter(({ still }) => still);
    for (const label of labels.filter(({ still }) => !still).sort((a, b) => a.y - b.y)) {
      const covers = (other) =>
        Math.abs(other.y - label.y) < LINE &&
        label.x < other.x + other.width + 6 &&
        other.x < label.x + label.width + 6;
      for (const other of placed) if (covers(other)) label.y = other.y + LINE;
      placed.push(label);
    }
    for (const { x, y, text } of placed) this.add("text", { x, y, class: "label" }, text);
  }
}
