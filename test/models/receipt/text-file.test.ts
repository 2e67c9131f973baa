/** Text files: plain text, and conversations as the model's template renders them. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readTextFile, readTexts } from '#octavo/models/receipt/text-file.js';
import { JinjaChatTemplate } from '#octavo/models/tokenizer/chat-template.js';
import { fakeModel } from '../../support/fake-model.js';
import { temporaryFolder } from '../../support/folders.js';

const folder = temporaryFolder();
const template =
  '{% if tools %}[{{ tools[0].name }}]{% endif %}{% for m in messages %}{{ m.role }}:{{ m.content }};{% endfor %}{% if add_generation_prompt %}?{% endif %}';
const model = { tokenizer: fakeModel.tokenizer, chatTemplate: new JinjaChatTemplate(template, {}) };

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const toText = (texts: readonly (readonly number[])[]) => texts.map((ids) => fakeModel.tokenizer.decode(ids));

describe('a plain text', () => {
  it('is one text, named and hashed', async () => {
    const file = write('story.txt', 'Once upon\na time');
    const { name, sha256, texts } = await readTextFile(file, model);
    expect(name).toBe('story.txt');
    expect(sha256).toBe(createHash('sha256').update('Once upon\na time').digest('hex'));
    expect(toText(texts)).toEqual(['Once upon\na time']);
  });

  it.each(['', 'x'])('of the text "%s" is too short', async (text) => {
    await expect(readTextFile(write('short.txt', text), model)).rejects.toMatchObject({ code: 'invalid_config' });
  });

  it('that is absent is named', async () => {
    await expect(readTextFile(join(folder, 'absent.txt'), model)).rejects.toThrow(/absent\.txt/);
  });
});

describe('conversations', () => {
  it('are whole: tools, all messages, and no question for another answer', async () => {
    const lines = [
      JSON.stringify({ messages: [{ role: 'user', content: 'a' }], tools: [{ name: 'find' }] }),
      '',
      JSON.stringify([
        { role: 'user', content: 'b' },
        { role: 'assistant', content: 'c' },
      ]),
    ];
    const { texts } = await readTextFile(write('talks.jsonl', lines.join('\n')), model);
    expect(toText(texts)).toEqual(['[find]user:a;', 'user:b;assistant:c;']);
  });

  it.each(['{', '{"text":"a"}', '{"messages":[]}', '[{"content":"a"}]'])(
    'refuse the line %s by its number',
    async (line) => {
      const file = write('broken.jsonl', `[{"role":"user","content":"ab"}]\n${line}\n`);
      await expect(readTextFile(file, model)).rejects.toMatchObject({
        code: 'invalid_config',
        message: expect.stringMatching(/broken\.jsonl, line 2: expected/),
      });
    },
  );

  it('that the template refuses are named', async () => {
    const refusing = new JinjaChatTemplate("{{ raise_exception('no tools here') }}", {});
    const file = write('refused.jsonl', '[{"role":"user","content":"ab"}]');
    const reading = readTextFile(file, { ...model, chatTemplate: refusing });
    await expect(reading).rejects.toThrow(/refused\.jsonl, line 1: .*no tools here/);
  });

  it('need a chat template', async () => {
    const file = write('talks.jsonl', '[{"role":"user","content":"ab"}]');
    await expect(readTextFile(file, { ...model, chatTemplate: null })).rejects.toThrow(/no chat template/);
  });
});

describe('texts that stand for themselves', () => {
  it('are the lines of a plain file', async () => {
    const { name, texts } = await readTexts(write('lines.txt', ' one\r\n\n\ttwo three \n'));
    expect([name, texts]).toEqual(['lines.txt', ['one', 'two three']]);
  });

  it('are the messages of conversations, where these are text', async () => {
    const lines = [
      JSON.stringify({
        messages: [
          { role: 'user', content: 'a\nb' },
          { role: 'assistant', content: null },
        ],
      }),
      JSON.stringify([{ role: 'user', content: ' ' }, { role: 'tool' }, { role: 'user', content: 'c' }]),
    ];
    expect((await readTexts(write('messages.jsonl', lines.join('\n')))).texts).toEqual(['a\nb', 'c']);
    await expect(readTexts(write('bad.jsonl', `${lines[0]}\n{}`))).rejects.toThrow(/bad\.jsonl, line 2: expected/);
  });

  it('are two at least', async () => {
    await expect(readTexts(write('one.txt', 'only one\n'))).rejects.toMatchObject({
      code: 'invalid_config',
      message: expect.stringMatching(/one\.txt has fewer than two texts; each line is one/),
    });
  });
});
