/** What an ONNX file says of a constant tensor: its type, its shape, and where its bytes are. Never the bytes. */
import { asSpan, type Span, WireError, type WireReader, type WireValue } from './wire-reader.js';

export interface ExternalPlace {
  /** Path relative to the ONNX file, as it stands there. */
  readonly location: string;
  readonly offset: number;
}

export interface TensorFacts {
  readonly name: string;
  /** `TensorProto.DataType`. */
  readonly type: number;
  readonly dims: readonly number[];
  /** As the shape needs them. */
  readonly bytes: number;
  /** `null`: in the ONNX file itself. */
  readonly external: ExternalPlace | null;
}

/** Bits of an element by `TensorProto.DataType` of ONNX 1.19; texts and complex numbers are in no language model. */
const elementBits: Readonly<Record<number, number>> = {
  ...{ 1: 32, 2: 8, 3: 8, 4: 16, 5: 16, 6: 32, 7: 64, 9: 8, 10: 16, 11: 64, 12: 32, 13: 64, 16: 16 },
  ...{ 17: 8, 18: 8, 19: 8, 20: 8, 21: 4, 22: 4, 23: 4, 24: 8 },
};

const maxRank = 16;
const external = 1n;

/** Fields of TensorProto that hold values in typed form: bytes of one value, or null for varints. */
const typedFields: Readonly<Record<number, number | null>> = { 4: 4, 5: null, 7: null, 10: 8, 11: null };

interface Draft {
  name: string;
  type: number;
  readonly dims: bigint[];
  raw: Span | null;
  typedValues: number;
  isExternal: boolean;
  readonly entries: Map<string, string>;
}

/** Reads a TensorProto. Throws `WireError` where type, shape and bytes do not fit each other. */
export function readTensor(reader: WireReader, span: Span): TensorFacts {
  const draft: Draft = {
    name: '',
    type: 0,
    dims: [],
    raw: null,
    typedValues: 0,
    isExternal: false,
    entries: new Map(),
  };
  reader.message(span, (field, value) => readField(reader, draft, { field, value }));
  const tensor = { name: draft.name, type: draft.type, ...sizeOf(draft) };
  if (draft.isExternal) return { ...tensor, external: placeOf(draft, tensor.bytes) };
  const typed = tensor.elements * Math.min(1, tensor.bits / 8);
  const fits = draft.raw ? draft.raw.end - draft.raw.start === tensor.bytes : draft.typedValues === Math.ceil(typed);
  if (!fits) throw new WireError(`the tensor ${draft.name} has other bytes than its shape [${draft.dims}] needs`);
  return { ...tensor, external: null };
}

function readField(
  reader: WireReader,
  draft: Draft,
  { field, value }: { readonly field: number; readonly value: WireValue },
): void {
  const bytesOfOne = typedFields[field];
  if (field === 1) draft.dims.push(...reader.varints(value, maxRank));
  else if (field === 2) draft.type = Number(value);
  else if (field === 8) draft.name = reader.text(value);
  else if (field === 9) draft.raw = asSpan(value);
  else if (field === 13) readEntry(reader, draft, asSpan(value));
  else if (field === 14) draft.isExternal = value === external;
  else if (bytesOfOne === null) draft.typedValues += reader.countVarints(value);
  else if (bytesOfOne !== undefined) draft.typedValues += (asSpan(value).end - asSpan(value).start) / bytesOfOne;
}

function readEntry(reader: WireReader, { name, entries }: Draft, span: Span): void {
  let [key, text] = ['', ''];
  reader.message(span, (field, value) => {
    if (field === 1) key = reader.text(value);
    else if (field === 2) text = reader.text(value);
  });
  if (entries.has(key)) throw new WireError(`the tensor ${name} says twice where its ${key} is`);
  entries.set(key, text);
}

function sizeOf({ name, type, dims }: Draft) {
  const bits = elementBits[type];
  if (bits === undefined)
    throw new WireError(`the tensor ${name} has the element type ${type}, which is not supported`);
  const sizes = dims.map((dim) => Number(BigInt.asIntN(64, dim)));
  const elements = sizes.reduce((product, dim) => product * dim, 1);
  const sane = sizes.length <= maxRank && sizes.every((dim) => dim >= 0) && Number.isSafeInteger(elements * bits);
  if (!sane) throw new WireError(`the tensor ${name} has the impossible shape [${sizes.slice(0, maxRank)}]`);
  return { dims: sizes, elements, bits, bytes: Math.ceil((elements * bits) / 8) };
}

/** `length` may be left out, and so may `offset`; a checksum is not looked at. */
function placeOf({ name, entries }: Draft, bytes: number): ExternalPlace {
  for (const key of entries.keys()) {
    if (!['location', 'offset', 'length', 'checksum'].includes(key))
      throw new WireError(`the external data of the tensor ${name} has the unknown entry "${key}"`);
  }
  const number = (key: string, otherwise: number) => {
    const text = entries.get(key) ?? String(otherwise);
    const value = Number(text);
    if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(value)) return value;
    throw new WireError(`the external data of the tensor ${name} has an ${key} that is no plain number`);
  };
  const length = number('length', bytes);
  if (length !== bytes)
    throw new WireError(`the tensor ${name} needs ${bytes} bytes, its external data has a length of ${length}`);
  return { location: entries.get('location') ?? '', offset: number('offset', 0) };
}
