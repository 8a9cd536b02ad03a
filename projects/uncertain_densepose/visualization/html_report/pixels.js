// The values of a picture's pixels, as pixels.py in the package encodes them.

const scalesElement = document.getElementById("scales");
const SCALES = scalesElement && JSON.parse(scalesElement.textContent);
const SIGMA_STEPS = 254;

// Planes of codes, h rows of w, from differences to the pixel above.
async function decodePlanes(text, width, height) {
  const packed = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const size = width * height;
  for (let i = 0; i < bytes.length; i++) {
    if (i % size >= width) bytes[i] += bytes[i - width];
  }
  return Object.fromEntries(
    SCALES.planes.map((name, k) => [name, bytes.subarray(k * size, (k + 1) * size)]),
  );
}

// Centimetres of a code, null for code 0, which stands for none.
function sigmaOfCode(code) {
  if (code === 0) return null;
  const { sigmaMinCm, sigmaMaxCm } = SCALES;
  return sigmaMinCm * (sigmaMaxCm / sigmaMinCm) ** ((code - 1) / SIGMA_STEPS);
}

function valuesAt(planes, index) {
  return {
    person: planes.person[index],
    part: planes.part[index],
    u: planes.u[index] / 255,
    v: planes.v[index] / 255,
    sigma: sigmaOfCode(planes.sigma[index]),
    probability: planes.probability[index] / 255,
  };
}

// The pixel of the image under the centre of a shown pixel, along one axis.
function sourcePixel(shown, sourceSide, shownSide) {
  return Math.floor(((2 * shown + 1) * sourceSide) / (2 * shownSide));
}

// Colours by code as whole pixels of an ImageData, whose order of bytes depends on the machine.
function packedColours(colours) {
  const alpha = Math.round(255 * SCALES.opacity);
  const bytes = colours.flatMap((colour) => (colour ? [...colour, alpha] : [0, 0, 0, 0]));
  return new Uint32Array(Uint8Array.from(bytes).buffer);
}

// Colours of the codes of σ, up to the value at which the scale ends; none for code 0.
function sigmaColours(endCm) {
  return Array.from({ length: 256 }, (_, code) => {
    const cm = sigmaOfCode(code);
    return cm === null ? null : SCALES.sigmaColours[Math.round(255 * Math.min(cm / endCm, 1))];
  });
}

// For each layer that is painted, its pixels by code, and the colours and ends of its scale.
function layerColours() {
  const { unitColours } = SCALES;
  const unit = { pixels: packedColours(unitColours), bar: unitColours, ends: ["0", "1"] };
  const part = { pixels: packedColours(SCALES.partColours) };
  const layers = { part, u: unit, v: unit, probability: unit };
  const endCm = SCALES.sigmaShownCm;
  if (endCm !== null) {
    layers.sigma = {
      pixels: packedColours(sigmaColours(endCm)),
      bar: SCALES.sigmaColours,
      ends: ["0", `≥ ${endCm.toPrecision(2)} cm`],
    };
  }
  return layers;
}
