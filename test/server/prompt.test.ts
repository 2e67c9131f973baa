/** A chat of many messages on its way through the filter. */
import { expect, test } from 'vitest';
import type { ChatMessage, ServedModel } from '#octavo/models/served-model.js';
import { createSafety, screenWhole } from '#octavo/safety/filter.js';
import { screenPrompt } from '#octavo/server/prompt.js';
import { scriptedScreen } from '../safety/scripted-screen.js';
import { turnsDuring } from '../support/turns.js';

/** As many of a model as the filter asks for. */
const model = {
  contextLength: 1_000_000,
  tokenizer: { maxCharacters: () => 1_000_000 },
  chatTemplate: { render: (messages: readonly ChatMessage[]) => messages.map(({ content }) => content).join('|') },
} as unknown as ServedModel;

const messages = Array.from({ length: 64 }, (_, index) => ({ role: 'user', content: `${index} `.padEnd(4096, 'la ') }));

function screen(text: string) {
  const guard = createSafety([scriptedScreen()]).guard({
    ...{ direction: 'prompt', tenant: '', request: 'r', signal: new AbortController().signal },
  });
  return screenWhole(guard, text);
}

test('screens messages in their order, and others have their turn between them', async () => {
  const screened = screenPrompt({ kind: 'chat', messages }, model, screen);
  expect(await turnsDuring(screened)).toBeGreaterThanOrEqual(16);
  const whole = messages.map(({ content }) => content).join('|');
  expect(await screened).toEqual({ text: whole, addSpecialTokens: false });
});

test('fails with the message that was blocked, though the turns go on', async () => {
  const blocked = screenPrompt({ kind: 'chat', messages }, model, async (text) => {
    const isBad = text.startsWith('3 ');
    return { text: text as never, blocked: isBad, findings: [] };
  });
  await expect(blocked).rejects.toMatchObject({ code: 'content_filter', param: 'messages[3].content' });
});
