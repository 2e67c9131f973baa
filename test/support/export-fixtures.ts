/** The exports of test/fixtures/exports, as other tools wrote them (scripts/reference/make_export_fixtures.py), and damaged copies. */
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { type GraphProto, ModelProtoSchema } from '#octavo/models/build/onnx/onnx_pb.js';

export interface ExportPrompt {
  readonly ids: readonly number[];
  /** What transformers generates after it. */
  readonly greedy: readonly number[];
}

const root = fileURLToPath(new URL('../fixtures/exports', import.meta.url));

export type ExportName = 'llama-optimum' | 'llama-genai' | 'gpt2-combined' | 'bert-optimum' | 'bert-classify-optimum';

export function exportFolder(name: ExportName): string {
  return join(root, name);
}

/** Of a decoder. */
export function exportPrompts(name: ExportName): readonly ExportPrompt[] {
  return JSON.parse(readFileSync(join(root, name, 'reference.json'), 'utf8')).prompts;
}

/** A copy in a folder of its own inside of `parent`. */
export function copyExport(name: ExportName, parent = tmpdir()): string {
  const folder = join(mkdtempSync(join(parent, 'export-')), name);
  cpSync(exportFolder(name), folder, { recursive: true });
  return folder;
}

/** Changes fields of a JSON file; `undefined` removes one. */
export function editJson(file: string, changes: object): void {
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...changes }));
}

/** Changes the graph of an ONNX file. */
export function editGraph(file: string, change: (graph: GraphProto) => void): void {
  const model = fromBinary(ModelProtoSchema, readFileSync(file));
  if (model.graph === undefined) throw new Error(`${file} has no graph`);
  change(model.graph);
  for (const attribute of model.graph.node.flatMap((node) => node.attribute)) {
    // The schema of what Octavo writes has no tensors in attributes: their bytes are kept, their type is not.
    if (attribute.$unknown?.some(({ no }) => no === 5)) Object.assign(attribute, { type: 4 });
  }
  writeFileSync(file, toBinary(ModelProtoSchema, model));
}
