/** Runs a built encoder by onnxruntime-node alone, independent of the engine. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { type Manifest, manifestSchema } from '#octavo/models/manifest.js';

/** An output of a run, by text: of a text's tokens, or of the whole text. */
export type EncoderRun = Readonly<Record<string, (text: number, length: number) => readonly number[]>>;

export class OnnxEncoder {
  readonly manifest: Manifest;
  readonly #session: InferenceSession;

  private constructor(manifest: Manifest, session: InferenceSession) {
    this.manifest = manifest;
    this.#session = session;
  }

  static async open(folder: string): Promise<OnnxEncoder> {
    const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')));
    return new OnnxEncoder(
      manifest,
      await InferenceSession.create(join(folder, manifest.graph), { logSeverityLevel: 3, intraOpNumThreads: 2 }),
    );
  }

  get inputNames(): readonly string[] {
    return this.#session.inputNames;
  }

  get outputNames(): readonly string[] {
    return this.#session.outputNames;
  }

  /** All texts right-padded to `length`, all tokens of the type `type`. */
  async run(texts: readonly (readonly number[])[], length: number, type = 0): Promise<EncoderRun> {
    const grid = (value: (text: readonly number[], column: number) => number) => {
      const cells = texts.flatMap((text) => Array.from({ length }, (_, column) => BigInt(value(text, column))));
      return new Tensor('int64', BigInt64Array.from(cells), [texts.length, length]);
    };
    const feeds: Record<string, Tensor> = {
      input_ids: grid((text, column) => text[column] ?? 1),
      attention_mask: grid((text, column) => (column < text.length ? 1 : 0)),
    };
    if (this.inputNames.includes('token_type_ids')) feeds.token_type_ids = grid(() => type);
    const outputs = await this.#session.run(feeds);
    return Object.fromEntries(
      Object.entries(outputs).map(([name, { data, dims }]) => {
        const width = dims.at(-1) ?? 0;
        const stride = dims.length === 3 ? length * width : width;
        const row = (text: number, tokens: number) => {
          const size = dims.length === 3 ? tokens * width : width;
          return [...(data as Float32Array).subarray(text * stride, text * stride + size)];
        };
        return [name, row];
      }),
    );
  }
}
