/** Chat templates: what they see, and how they refuse. */
import { describe, expect, test } from 'vitest';
import { JinjaChatTemplate } from '#octavo/models/tokenizer/chat-template.js';

const user = { role: 'user', content: 'Hi' };
const render = (source: string, messages = [user], tokens = {}) =>
  new JinjaChatTemplate(source, tokens).render(messages);

test.each<[string, string, string]>([
  ['the messages', '{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}', '[user]Hi[user]Hi'],
  ['that an answer is asked for', '{% if add_generation_prompt %}answer:{% endif %}', 'answer:'],
  ['the special tokens', '{{ bos_token }}{{ messages[0].content }}{{ eos_token }}', '<s>Hi</s>'],
  ['nothing for a token that the model has not', '[{{ pad_token }}]', '[]'],
  ['content as it is, template signs too', '{{ messages[1].content }}', 'Hi'],
])('a template sees %s', (_, source, expected) => {
  expect(render(source, [user, user], { bos_token: '<s>', eos_token: '</s>' })).toBe(expected);
});

test.each<[string, string]>([
  ['3', '0,1,2,'],
  ['2, 5', '2,3,4,'],
  ['5, 0, -2', '5,3,1,'],
  ['5, 2', ''],
])('range(%s) counts as in Python', (range, expected) => {
  expect(render(`{% for a in range(${range}) %}{{ a }},{% endfor %}`)).toBe(expected);
});

test('a message is text, not a template', () => {
  const content = '{{ bos_token }}{% raise_exception("x") %}';
  expect(render('{{ messages[0].content }}', [{ role: 'user', content }], { bos_token: '<s>' })).toBe(content);
});

test('rendering leaves the messages as they were', () => {
  const messages = Object.freeze([Object.freeze({ ...user })]);
  const template = new JinjaChatTemplate('{% set messages = messages[1:] %}{{ messages | length }}', {});
  expect(template.render(messages)).toBe('0');
  expect(template.render(messages)).toBe('0');
});

describe('refusals', () => {
  test.each<[string, string]>([
    ['1, 2, 0', 'range() takes no step of zero'],
    ['messages | length, 200000', 'it makes a list of 199999 numbers, at most 100000'],
  ])('range(%s) is refused', (range, words) => {
    const source = `{% if messages[0].content == 'Count' %}{% for a in range(${range}) %}{% endfor %}{% endif %}`;
    expect(() => render(source, [{ role: 'user', content: 'Count' }])).toThrow(words);
  });

  test('a template that does not parse is a fault of the model', () => {
    expect(() => new JinjaChatTemplate('{% if %}', {})).toThrow(
      expect.objectContaining({
        code: 'invalid_model',
        message: expect.stringMatching(/^The chat template does not parse/),
      }),
    );
  });

  test("what a template refuses is a fault of the messages, in the template's words", () => {
    const source =
      "{% if messages[0].role != 'system' %}{{ raise_exception('A system message comes first') }}{% endif %}";
    expect(() => render(source)).toThrow(
      expect.objectContaining({
        code: 'invalid_value',
        param: 'messages',
        message: expect.stringContaining('A system message comes first'),
      }),
    );
  });
});
