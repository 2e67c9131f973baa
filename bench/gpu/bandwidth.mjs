/**
 * What a device's memory gives through ONNX Runtime: the fastest of some runs of a graph that reads 256 MiB and writes as many.
 *
 *   node bandwidth.mjs <{ device, ortLibrary } as JSON>
 */
import { GraphBuilder } from '../../dist/models/build/graph/graph-builder.js';
import { encodeInline } from '../../dist/models/build/onnx/model-writer.js';
import { openRuntime } from '../../dist/models/runtime/open-runtime.js';
import { useOrtLibrary } from '../../dist/models/runtime/ort-library.js';
import { zeros } from '../../dist/models/runtime/runtime.js';

const { device: name, ortLibrary } = JSON.parse(process.argv[2]);
const [provider, index = '0'] = name.split(':');
const dims = [1024, 65_536];
const bytes = 4 * dims[0] * dims[1];

const builder = new GraphBuilder();
const x = builder.input({ name: 'x', type: 'float32', dims });
const y = builder.node('Neg', 'y', { inputs: [x], outputs: ['y'] });
builder.output({ name: y, type: 'float32', dims });
// A number that comes back says that the rest is done.
const [first, one] = [builder.constant('int64', [0n], [1]), builder.constant('int64', [1n], [1])];
const row = builder.node('Slice', 'row', { inputs: [y, first, one, first] });
builder.node('Slice', 'last', { inputs: [row, first, one, one], outputs: ['last'] });
builder.output({ name: 'last', type: 'float32', dims: [1, 1] });

useOrtLibrary(ortLibrary ?? null);
const { runtime } = await openRuntime('auto');
const session = await runtime.open(await encodeInline(builder.finish()), {
  device: { provider, index: Number(index) },
  threads: 1,
});
const memory = () => session.device?.allocate('float32', dims) ?? zeros('float32', dims);
const inputs = new Map([['x', memory()]]);
const outputs = new Map([
  ['y', memory()],
  ['last', zeros('float32', [1, 1])],
]);
let fastest = Infinity;
for (let i = 0; i < 12; i++) {
  const started = performance.now();
  await session.run(inputs, outputs);
  fastest = Math.min(fastest, performance.now() - started);
}
await session.close();
console.log(JSON.stringify({ bytesPerSecond: (2 * bytes * 1000) / fastest, by: `a copy by ONNX Runtime on ${name}` }));
process.exit(0);
