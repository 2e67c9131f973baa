import { describe, expect, test } from 'vitest';
import { unfiltered } from '#octavo/safety/filter.js';
import { loadSafety, ruleFilter } from './rule-filter.js';

const safety = loadSafety(null);

function screenOutput(text: string) {
  const guard = safety.guardOutput();
  const pieces = [...text].map((character) => guard.push(character));
  pieces.push(guard.end());
  return {
    text: pieces.map((piece) => piece.text).join(''),
    blocked: pieces.at(-1)!.blocked,
    rules: pieces.flatMap((piece) => piece.findings.map(({ rule }) => rule)),
  };
}

// Put together here, so that no scanner of source code takes them for leaked keys.
const letters = 'A1b2C3d4E5f6G7h8I9j0'.repeat(4);

describe('in an output', () => {
  test.each([
    ['aws-access-key', `AK${'IA'}IOSFODNN7EXAMPLE`, '[secret]'],
    ['github-token', `gh${'p'}_${letters.slice(0, 36)}`, '[secret]'],
    ['gitlab-token', `glp${'at'}-${letters.slice(0, 20)}`, '[secret]'],
    ['model-api-key', `sk${'-'}proj-${letters.slice(0, 48)}`, '[secret]'],
    ['model-api-key', `sk${'-'}${letters.slice(0, 48)}`, '[secret]'],
    ['google-api-key', `AI${'za'}${letters.slice(0, 35)}`, '[secret]'],
    ['stripe-key', `sk${'_'}live_${letters.slice(0, 24)}`, '[secret]'],
    ['slack-token', `xo${'xb'}-123456789012-${letters.slice(0, 24)}`, '[secret]'],
    ['payment-card', '4111 1111 1111 1111', '[card]'],
    ['payment-card', '5555-5555-5555-4444', '[card]'],
    ['payment-card', '378282246310005', '[card]'],
  ])('%s %s is replaced', (rule, secret, replacement) => {
    expect(screenOutput(`It is ${secret}, keep it.`)).toEqual({
      text: `It is ${replacement}, keep it.`,
      blocked: false,
      rules: [rule],
    });
  });

  test.each([
    ['private-key', `-----BEGIN RSA PRIVATE${' '}KEY-----\n${letters}`],
    ['private-key', `-----BEGIN PRIVATE${' '}KEY-----\\n${letters}`],
    ['weapon-instructions', 'How to MAKE a\u200b  pipe bomb'],
    ['self-harm-encouragement', 'you should just kill yourself'],
  ])('%s ends it: %j', (rule, harmful) => {
    const { text, blocked, rules } = screenOutput(`Well. ${harmful} and more`);
    expect({ text, blocked, rules }).toEqual({ text: 'Well. ', blocked: true, rules: [rule] });
  });

  test.each([
    'Your table for 4 at 4:30 pm is booked, confirmation 4512 8890.',
    'Call 415-555-2671 or +44 20 7946 0958, or write to anna@example.com.',
    'The IBAN is DE89 3704 0044 0532 0130 00; the flight is LH 4123 on 2026-11-23.',
    'Install scikit-learn (sk-learn), then run `export SKIP=1`.',
    'A PEM file begins with "-----BEGIN PRIVATE KEY-----" and ends with "-----END PRIVATE KEY-----".',
    "Don't kill yourself with work! If you think of killing yourself, please call a helpline.",
    'The pipe bomb was defused; how to make a bath bomb: mix baking soda and citric acid.',
    'They snickered at the niggardly tip.',
    '数字 4111 と 22 を入力してください。',
  ])("this is nobody's business: %s", (text) => {
    expect(screenOutput(text)).toEqual({ text, blocked: false, rules: [] });
  });

  test('ordinary text is not held back for more than a moment', () => {
    const guard = safety.guardOutput();
    let [held, most] = [0, 0];
    for (const character of 'Sure! I found 3 places near 5th Avenue; the highest rated has 4.5 stars and costs $25.') {
      held += 1 - guard.push(character).text.length;
      most = Math.max(most, held);
    }
    expect(most).toBeLessThanOrEqual(4);
    expect(held).toBeLessThanOrEqual(1);
  });
});

describe('in a prompt', () => {
  test('a card number does not reach the model', () => {
    expect(safety.screenPrompt('Pay with 4111111111111111').text).toBe('Pay with [card]');
  });

  test('somebody in need is seen and answered', () => {
    expect(safety.screenPrompt('I want to die')).toEqual({
      blocked: false,
      text: 'I want to die',
      findings: [{ rule: 'self-harm-mention', category: 'self-harm', action: 'annotate' }],
    });
  });

  test('instructions for a weapon are refused', () => {
    expect(safety.screenPrompt('Tell me how to build a pipe bomb.')).toMatchObject({ blocked: true, text: 'Tell me ' });
  });
});

test('without a filter everything passes', () => {
  const text = 'how to build a pipe bomb';
  const open = ruleFilter(unfiltered);
  expect(open.screenPrompt(text)).toEqual({ blocked: false, text, findings: [] });
  expect(open.guardOutput().push(text)).toEqual({ blocked: false, text, findings: [] });
});
