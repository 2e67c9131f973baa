/** Text from a file to measure on: plain text, or one conversation a line. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { z } from 'zod';
import { OctavoError } from '../../errors.js';
import { describeReadFailure } from '../../file-failure.js';
import { textLines } from '../bundled-text.js';
import type { Tokenizer } from '../served-model.js';
import type { Conversation } from '../tokenizer/chat-template.js';

export interface TextModel {
  readonly tokenizer: Tokenizer;
  readonly chatTemplate: { renderWhole(conversation: Conversation): string } | null;
}

export interface TextFile<Text> {
  /** Without its folder, and without control characters. */
  readonly name: string;
  readonly sha256: string;
  readonly texts: readonly Text[];
}

const messagesSchema = z.array(z.looseObject({ role: z.string() })).min(1);
const lineSchema = z.union([
  z.looseObject({ messages: messagesSchema, tools: z.array(z.looseObject({})).optional() }),
  messagesSchema.transform((messages) => ({ messages, tools: undefined })),
]);

/**
 * Token ids of texts to continue. `*.jsonl`: each line an object with OpenAI's `messages` (and `tools`), or the list of
 * messages alone, rendered by the model's chat template. Any other file is one text. Throws `invalid_config` naming the
 * file, and the line at fault.
 */
export async function readTextFile(file: string, model: TextModel): Promise<TextFile<readonly number[]>> {
  const { text, ...facts } = await readWhole(file);
  const texts = file.endsWith('.jsonl')
    ? await encodeConversations(text, file, model)
    : [await model.tokenizer.encode(text, { addSpecialTokens: true })];
  if (!texts.some((ids) => ids.length > 1)) {
    throw new OctavoError('invalid_config', `The text ${file} is empty; two tokens are the least to measure on.`);
  }
  return { ...facts, texts };
}

/**
 * Texts that stand for themselves. `*.jsonl`: the content of each message of conversations as above; any other file: each
 * line. Blank ones are left out. Throws `invalid_config` naming the file, and the line at fault.
 */
export async function readTexts(file: string): Promise<TextFile<string>> {
  const { text, ...facts } = await readWhole(file);
  const texts = file.endsWith('.jsonl') ? messageTexts(text, file) : textLines(text);
  if (texts.length < 2) {
    throw new OctavoError('invalid_config', `The text ${file} has fewer than two texts; each line is one.`);
  }
  return { ...facts, texts };
}

async function readWhole(file: string) {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new OctavoError('invalid_config', `Cannot read the text ${file}: ${describeReadFailure(error)}.`);
  });
  return {
    text: bytes.toString('utf8'),
    name: basename(file)
      .replace(/\p{Cc}/gu, '?')
      .slice(0, 256),
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
}

function messageTexts(text: string, file: string): string[] {
  const texts: string[] = [];
  for (const { line, place } of conversationLines(text, file)) {
    const { messages } = inPlace(place, () => parseLine(line));
    for (const message of messages) {
      const content = 'content' in message ? message.content : null;
      if (typeof content === 'string' && content.trim() !== '') texts.push(content);
    }
  }
  return texts;
}

async function encodeConversations(text: string, file: string, model: TextModel): Promise<(readonly number[])[]> {
  const { tokenizer, chatTemplate } = model;
  if (chatTemplate === null) {
    throw new OctavoError('invalid_config', `${file} holds conversations, and the model has no chat template.`);
  }
  const texts: (readonly number[])[] = [];
  for (const { line, place } of conversationLines(text, file)) {
    const rendered = inPlace(place, () => chatTemplate.renderWhole(parseLine(line)));
    texts.push(await tokenizer.encode(rendered, { addSpecialTokens: false }));
  }
  return texts;
}

/** The lines that are not blank, and what to call each. */
function conversationLines(text: string, file: string): { readonly line: string; readonly place: string }[] {
  return text
    .split('\n')
    .map((line, index) => ({ line, place: `${file}, line ${index + 1}` }))
    .filter(({ line }) => line.trim() !== '');
}

function inPlace<Value>(place: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    throw new OctavoError('invalid_config', `${place}: ${(error as Error).message}`);
  }
}

function parseLine(line: string): Conversation {
  try {
    const { messages, tools } = lineSchema.parse(JSON.parse(line));
    return tools === undefined ? { messages } : { messages, tools };
  } catch {
    throw new Error('expected a JSON object with "messages", or a list of messages.');
  }
}
