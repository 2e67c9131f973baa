/** A folder that can be served, whoever wrote it: what is in it, and how its graph is run. */
import type { DecoderPorts } from './decoder/decoder-ports.js';
import type { KvShape } from './decoder/kv-arena.js';
import type { EncoderShape } from './encoder/encoder.js';
import type { Manifest } from './manifest.js';
import type { Receipt } from './receipt/receipt.js';
import type { EncoderHead } from './served-model.js';

/** A graph that generates text. */
export interface DecoderPlan {
  readonly kind: 'decoder';
  readonly shape: Pick<Manifest['shape'], 'layers' | 'kvHeads' | 'headDim' | 'vocab' | 'context'> &
    Pick<KvShape, 'element'>;
  /** Tokens at which the model ends by itself. */
  readonly endTokens: readonly number[];
  /** Of an encoder-decoder: the absolute path of the graph that reads prompts, and the token before the first of every output. */
  readonly encoder?: { readonly graph: string; readonly startToken: number };
  /** Of a graph by others; absent: as Octavo draws them. */
  readonly ports?: DecoderPorts;
}

/** A graph that gives one row of numbers for a text. */
export interface EncoderPlan {
  readonly kind: 'encoder';
  readonly vocab: number;
  /** Tokens of a text at most. */
  readonly context: number;
  readonly head: EncoderHead;
  readonly shape: EncoderShape;
}

/** The small files beside a graph. `null`: there is none of that name. */
export interface FolderFiles {
  /** Throws `invalid_model`. */
  readJson(name: string): Promise<Record<string, unknown> | null>;
  readText(name: string): Promise<string | null>;
}

export interface ServedFolder extends FolderFiles {
  /** Default id of the model in the API. */
  readonly name: string;
  /** `model_type` of the checkpoint. */
  readonly architecture: string;
  /** Of an export the name of its variant. */
  readonly precision: string;
  /** Seconds since the epoch. */
  readonly created: number;
  /** Absolute path of the ONNX graph. */
  readonly graph: string;
  readonly plan: DecoderPlan | EncoderPlan;
  /** What whoever serves it should know; of what `octavo build` wrote only that its weights are random. */
  readonly remarks: readonly string[];
  /** End tokens and sampling defaults, as generation_config.json has them. */
  readonly generation: Readonly<Record<string, unknown>>;
  /** `null` when there is none. Throws `invalid_model` for one that is no receipt, or another build's. */
  readReceipt(): Promise<Receipt | null>;
}
