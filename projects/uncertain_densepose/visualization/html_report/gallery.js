// Pictures over which a pointer, a finger or the arrow keys choose the pixel that is read.

const STEP = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const LONG_STEP = 10;
const NOTHING = "–";

function sigmaText(values) {
  if (values.part === 0) return NOTHING;
  if (values.sigma === null) return "none";
  if (values.sigma <= SCALES.sigmaMinCm) return `≤ ${SCALES.sigmaMinCm} cm`;
  if (values.sigma >= SCALES.sigmaMaxCm * 0.999) return `≥ ${SCALES.sigmaMaxCm} cm`;
  return `${values.sigma.toPrecision(2)} cm`;
}

class Picture {
  constructor(figure) {
    this.figure = figure;
    this.view = figure.querySelector(".view");
    this.mark = figure.querySelector(".mark");
    this.canvas = figure.querySelector("canvas");
    this.width = this.canvas.width;
    this.height = this.canvas.height;
    [this.imageHeight, this.imageWidth] = JSON.parse(figure.dataset.imageSize);
    this.scores = JSON.parse(figure.dataset.scores);
    this.column = Math.floor(this.width / 2);
    this.row = Math.floor(this.height / 2);
    this.planes = null;
    this.view.addEventListener("pointermove", (event) => this.readUnder(event));
    this.view.addEventListener("pointerdown", (event) => this.readUnder(event));
    this.view.addEventListener("pointerleave", (event) => {
      if (event.pointerType === "mouse" && document.activeElement !== this.view) this.clear();
    });
    this.view.addEventListener("keydown", (event) => this.step(event));
    this.view.addEventListener("focus", () => {
      if (this.view.matches(":focus-visible")) this.read(true);
    });
    this.view.addEventListener("blur", () => this.clear());
  }

  async load() {
    if (this.planes) return;
    const { pixels } = this.figure.dataset;
    this.planes = await decodePlanes(pixels, this.width, this.height);
    this.figure.removeAttribute("data-pixels");
    this.figure.dataset.ready = "";
    this.paint();
    if (document.activeElement === this.view) this.read(true);
  }

  // Paint the chosen layer over the image, where there are people.
  paint() {
    const layer = document.querySelector("#layers input:checked").value;
    const context = this.canvas.getContext("2d");
    context.clearRect(0, 0, this.width, this.height);
    const colours = LAYERS[layer]?.pixels;
    if (!this.planes || !colours) return;
    const picture = context.createImageData(this.width, this.height);
    const pixels = new Uint32Array(picture.data.buffer);
    const codes = this.planes[layer];
    const { part } = this.planes;
    for (let i = 0; i < codes.length; i++) {
      if (part[i] !== 0) pixels[i] = colours[codes[i]];
    }
    context.putImageData(picture, 0, 0);
  }

  readUnder(event) {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    const within = (share, side) => Math.min(Math.max(Math.floor(share * side), 0), side - 1);
    this.column = within((event.clientX - left) / width, this.width);
    this.row = within((event.clientY - top) / height, this.height);
    this.read(false);
  }

  step(event) {
    const step = STEP[event.key];
    if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const length = event.shiftKey ? LONG_STEP : 1;
    this.column = Math.min(Math.max(this.column + length * step[0], 0), this.width - 1);
    this.row = Math.min(Math.max(this.row + length * step[1], 0), this.height - 1);
    this.read(true);
  }

  read(aloud) {
    if (!this.planes) return;
    this.mark.style.left = `${(100 * (this.column + 0.5)) / this.width}%`;
    this.mark.style.top = `${(100 * (this.row + 0.5)) / this.height}%`;
    this.mark.hidden = false;
    const x = sourcePixel(this.column, this.imageWidth, this.width);
    const y = sourcePixel(this.row, this.imageHeight, this.height);
    const values = valuesAt(this.planes, this.row * this.width + this.column);
    const shown = values.part > 0;
    const score = shown ? this.scores[values.person - 1] : 0;
    const number = (value, digits) => (shown ? value.toFixed(digits) : NOTHING);
    this.write({
      pixel: [`${x}, ${y}`, `${x},${y}`],
      person: [shown ? `${values.person} (${score.toFixed(2)})` : NOTHING, values.person],
      part: [shown ? `${values.part} ${SCALES.parts[values.part]}` : SCALES.parts[0], values.part],
      u: [number(values.u, 3), values.u],
      v: [number(values.v, 3), values.v],
      sigma: [sigmaText(values), values.sigma ?? ""],
      probability: [number(values.probability, 2), values.probability],
    });
    if (aloud) this.speak();
  }

  // Texts and exact values of the fields below the picture.
  write(fields) {
    for (const [field, [text, value]] of Object.entries(fields)) {
      const element = this.figure.querySelector(`data.${field}`);
      element.textContent = text;
      element.value = value;
    }
  }

  speak() {
    const items = [...this.figure.querySelectorAll(".reading div")];
    const spoken = items.map((item) => [...item.children].map((e) => e.textContent).join(" "));
    document.getElementById("spoken").textContent = spoken.join(", ");
  }

  clear() {
    this.mark.hidden = true;
    for (const element of this.figure.querySelectorAll(".reading data")) {
      element.textContent = NOTHING;
      element.value = "";
    }
  }
}

function cssColour(colour) {
  return `rgb(${colour.join(" ")})`;
}

function partLegend() {
  return SCALES.parts.slice(1).map((name, i) => {
    const swatch = document.createElement("span");
    swatch.className = "swatch";
    swatch.style.backgroundColor = cssColour(SCALES.partColours[i + 1]);
    const item = document.createElement("li");
    item.append(swatch, `${i + 1} ${name}`);
    return item;
  });
}

function scaleLegend({ bar, ends }) {
  const strip = document.createElement("span");
  strip.className = "bar";
  const stops = bar.filter((_, i) => i % 15 === 0).map(cssColour);
  strip.style.backgroundImage = `linear-gradient(to right, ${stops.join(", ")})`;
  return [ends[0], strip, ends[1]];
}

function showLegend(layer) {
  const scale = LAYERS[layer]?.bar ? scaleLegend(LAYERS[layer]) : [];
  if (layer === "sigma" && !scale.length) scale.push("none: no model shown has a noise model");
  document.getElementById("scale").replaceChildren(...scale);
  document.getElementById("parts").replaceChildren(...(layer === "part" ? partLegend() : []));
}

const LAYERS = SCALES && layerColours();

function startGallery() {
  const pictures = new Map();
  for (const figure of document.querySelectorAll(".picture")) {
    pictures.set(figure, new Picture(figure));
  }
  // Pixels take memory: they are unpacked when a picture comes near the window.
  const near = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        near.unobserve(target);
        pictures.get(target).load();
      }
    },
    { rootMargin: "600px" },
  );
  for (const figure of pictures.keys()) near.observe(figure);
  document.getElementById("layers").addEventListener("change", ({ target }) => {
    showLegend(target.value);
    for (const picture of pictures.values()) picture.paint();
  });
  showLegend(document.querySelector("#layers input:checked").value);
}

if (SCALES) startGallery();
