// node nsfwjs.mjs FOLDER < pictures.json: the original's class probabilities and features, as JSON.
// FOLDER holds node_modules with nsfwjs, @tensorflow/tfjs and buffer. A picture is {height, width, rgb: base64}.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(`${process.argv[2]}/`);
console.info = () => {};
console.warn = () => {};
const tf = require("@tensorflow/tfjs");
await tf.setBackend("cpu");
const { load } = require("nsfwjs/core");
const { MobileNetV2Model } = require("nsfwjs/models/mobilenet_v2");
const network = await load("MobileNetV2", { modelDefinitions: [MobileNetV2Model] });

const answers = {};
for (const [name, picture] of Object.entries(JSON.parse(readFileSync(0, "utf8")))) {
  const rgb = new Uint8Array(Buffer.from(picture.rgb, "base64"));
  const tensor = tf.tensor3d(rgb, [picture.height, picture.width, 3], "int32");
  const classes = await network.classify(tensor);
  const features = network.infer(tensor, "flatten_1");
  answers[name] = {
    classes: Object.fromEntries(classes.map((found) => [found.className.toLowerCase(), found.probability])),
    features: Array.from(await features.data()),
  };
}
console.log(JSON.stringify(answers));
