/**
 * Looks at an ONNX file before ONNX Runtime does, whose parser is native code and goes where a file sends it: only
 * operators that the runtime itself has, only tensors whose bytes are there, only files of the model's own folder.
 */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import path from 'node:path';
import { unusable } from '../unusable.js';
import { type GraphFacts, readGraph } from './graph-facts.js';
import { WireError, WireReader } from './wire-reader.js';

/** Bytes of a file beside the graph, or why it cannot be used. */
export type FindFile = (file: string) => Promise<{ readonly bytes: number } | { readonly fault: string }>;

/** Protocol buffers end there. */
const maxGraphBytes = 2 ** 31 - 1;
/** The standard's operators and those of ONNX Runtime. */
const domains: ReadonlySet<string> = new Set(['', 'com.microsoft']);
/** Runs machine code of another compiler, from the graph or from any file. */
const barredOps: ReadonlySet<string> = new Set(['EPContext']);
/** Forward slashes, no `..`, nothing absolute; ONNX Runtime takes one special location as an address in memory. */
const plainPath = /^(?!.*(?:^|\/)\.\.?(?:\/|$))[A-Za-z0-9_.-]+(?:\/[A-Za-z0-9_.-]+)*$/;

/** Throws `invalid_model` with what is wrong, in bounded time and memory. `find` looks at files of external data. */
export async function inspectGraph(file: string, find: FindFile): Promise<GraphFacts> {
  // By its ending ONNX Runtime would take ".ort" for its own format.
  if (!file.endsWith('.onnx')) throw unusable(file, 'its name does not end in ".onnx"');
  const { facts, bytes } = readGraphFile(file);
  const fault = findOperatorFault(facts) ?? (await findTensorFault(facts, { file, bytes, find }));
  if (fault !== null) throw unusable(file, fault);
  return facts;
}

/** What the file says, looked at no further. Throws `invalid_model` where it is no ONNX file. */
export function readGraphFile(file: string): { readonly facts: GraphFacts; readonly bytes: number } {
  // A pipe would be waited for.
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw unusable(file, 'it is not a plain file');
    if (stats.size > maxGraphBytes) throw unusable(file, `it has ${stats.size} bytes, at most ${maxGraphBytes}`);
    return { facts: readGraph(new WireReader(descriptor, stats.size)), bytes: stats.size };
  } catch (error) {
    if (error instanceof WireError) throw unusable(file, error.message, error);
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

function findOperatorFault({ nodes, nested }: GraphFacts): string | null {
  for (const { op, domain } of [...nodes, ...nested]) {
    if (!domains.has(domain)) return `it has the operator ${op} of the domain "${domain}", which is not ONNX Runtime's`;
    if (barredOps.has(op)) return `it has the operator ${op}, which runs compiled code`;
  }
  return nodes.length === 0 ? 'its graph has no nodes' : null;
}

interface Surroundings {
  readonly file: string;
  readonly bytes: number;
  readonly find: FindFile;
}

/** Tensors may share bytes, as tied weights do, but a small file must not stand for a huge model. */
const maxSharing = 2;

async function findTensorFault(facts: GraphFacts, { file, bytes, find }: Surroundings): Promise<string | null> {
  const sizes = new Map<string, number>();
  let needed = 0;
  for (const { name, external, bytes: size } of facts.tensors) {
    needed += size;
    if (external === null) continue;
    const { location, offset } = external;
    if (!plainPath.test(location)) return `the tensor ${name} lies at "${location}", which is no plain relative path`;
    if (!sizes.has(location)) {
      const found = await find(path.join(path.dirname(file), location));
      if ('fault' in found) return `its external data ${location} cannot be used: ${found.fault}`;
      sizes.set(location, found.bytes);
    }
    const end = offset + size;
    const held = sizes.get(location) ?? 0;
    if (end > held) return `the tensor ${name} ends at byte ${end} of ${location}, which has ${held}`;
  }
  const held = [...sizes.values()].reduce((sum, size) => sum + size, bytes);
  return needed > held * maxSharing ? `its tensors claim ${needed} bytes, its files hold ${held}` : null;
}
