/** Text from a file to measure on: plain text, or one conversation a line, rendered by the model's chat template. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { z } from 'zod';
import { OctavoError } from '../../errors.js';
import type { Tokenizer } from '../served-model.js';
import type { Conversation } from '../tokenizer/chat-template.js';

export interface TextModel {
  readonly tokenizer: Tokenizer;
  readonly chatTemplate: { renderWhole(conversation: Conversation): string } | null;
}

export interface TextFile {
  readonly name: string;
  readonly sha256: string;
  /** Token ids of each text. */
  readonly texts: readonly (readonly number[])[];
}

const messagesSchema = z.array(z.looseObject({ role: z.string() })).min(1);
const lineSchema = z.union([
  z.looseObject({ messages: messagesSchema, tools: z.array(z.looseObject({})).optional() }),
  messagesSchema.transform((messages) => ({ messages, tools: undefined })),
]);

/**
 * `*.jsonl`: each line an object with OpenAI's `messages` (and `tools`), or the list of messages alone. Any other file
 * is one text. Throws `invalid_config` naming the file, and the line at fault.
 */
export async function readTextFile(file: string, model: TextModel): Promise<TextFile> {
  const bytes = await readFile(file).catch((error: Error) => {
    throw new OctavoError('invalid_config', `Cannot read the text ${file}: ${error.message}.`);
  });
  const text = bytes.toString('utf8');
  const texts = file.endsWith('.jsonl')
    ? await encodeConversations(text, file, model)
    : [await model.tokenizer.encode(text, { addSpecialTokens: true })];
  if (!texts.some((ids) => ids.length > 1)) {
    throw new OctavoError('invalid_config', `The text ${file} is empty; two tokens are the least to measure on.`);
  }
  return { name: basename(file), sha256: createHash('sha256').update(bytes).digest('hex'), texts };
}

async function encodeConversations(text: string, file: string, model: TextModel): Promise<(readonly number[])[]> {
  const { tokenizer, chatTemplate } = model;
  if (chatTemplate === null) {
    throw new OctavoError('invalid_config', `${file} holds conversations, and the model has no chat template.`);
  }
  const texts: (readonly number[])[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const rendered = renderLine(line, chatTemplate, `${file}, line ${index + 1}`);
    texts.push(await tokenizer.encode(rendered, { addSpecialTokens: false }));
  }
  return texts;
}

function renderLine(line: string, template: NonNullable<TextModel['chatTemplate']>, place: string): string {
  try {
    return template.renderWhole(parseLine(line));
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
