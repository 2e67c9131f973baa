/**
 * Greedy tokens of a GPT-2 export with one past tensor for each layer, by onnxruntime-node alone: given a graph, prompts
 * and a count as JSON, it prints the tokens. A program of its own, because a process can hold one binding only.
 */
import { InferenceSession, Tensor } from 'onnxruntime-node';

const { graph, layers, heads, headDim, prompts, count } = JSON.parse(process.argv[2]);
const session = await InferenceSession.create(graph, { logSeverityLevel: 3 });
const integers = (values) => new Tensor('int32', Int32Array.from(values), [1, values.length]);

const outputs = [];
for (const prompt of prompts) {
  const tokens = [];
  let next = prompt;
  let past = Array.from(
    { length: layers },
    () => new Tensor('float32', new Float32Array(0), [2, 1, heads, 0, headDim]),
  );
  for (let read = 0; tokens.length < count; read += next.length, next = tokens.slice(-1)) {
    const positions = Array.from({ length: next.length }, (_, index) => read + index);
    const feeds = {
      input_ids: integers(next),
      position_ids: integers(positions),
      attention_mask: integers(Array.from({ length: read + next.length }, () => 1)),
      ...Object.fromEntries(past.map((tensor, layer) => [`past_${layer}`, tensor])),
    };
    const results = await session.run(feeds);
    past = past.map((_, layer) => results[`present_${layer}`]);
    const { data, dims } = results.logits;
    const logits = data.subarray((next.length - 1) * dims[2], next.length * dims[2]);
    tokens.push(logits.indexOf(Math.max(...logits)));
  }
  outputs.push(tokens);
}
console.log(JSON.stringify(outputs));
