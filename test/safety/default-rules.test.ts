import { describe, expect, test } from 'vitest';
import { unfiltered } from '#octavo/safety/filter.js';
import { blocked, replaced } from './default-samples.js';
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

describe('in an output', () => {
  test.each(replaced)('%s %s is replaced', (rule, secret, replacement) => {
    expect(screenOutput(`It is ${secret}, keep it.`)).toEqual({
      text: `It is ${replacement}, keep it.`,
      blocked: false,
      rules: [rule],
    });
  });

  test.each(blocked)('%s ends it: %j', (rule, harmful) => {
    expect(screenOutput(`Well. ${harmful} and more`)).toEqual({ text: 'Well. ', blocked: true, rules: [rule] });
  });

  test.each([
    'Your table for 4 at 4:30 pm is booked, confirmation 4512 8890.',
    'The IBAN is DE88 3704 0044 0532 0130 00; the flight is LH 4123 on 2026-11-23.',
    'It listens on 127.0.0.1:8080; the card 4111 1111 1111 1112 was refused; version 1.30.0.',
    'The hotline is 1-300-22-8688, the order 12 0171 1234567.',
    'He was born in Niger; they push it, was hit, pass it.',
    'Install scikit-learn (sk-learn), then run `export SKIP=1`.',
    'A PEM file begins with "-----BEGIN PRIVATE KEY-----" and ends with "-----END PRIVATE KEY-----".',
    "Don't kill yourself with work! If you think of killing yourself, please call a helpline.",
    'The pipe bomb was defused; how to make a bath bomb: mix baking soda and citric acid.',
    'They snickered at the niggardly tip.',
    '数字 4111 と 22 を入力してください。',
  ])("this is nobody's business: %s", (text) => {
    expect(screenOutput(text)).toEqual({ text, blocked: false, rules: [] });
  });

  test('of ordinary text no more than a word is held back', () => {
    const guard = safety.guardOutput();
    let [held, most] = [0, 0];
    for (const character of 'Sure! I found 3 places near 5th Avenue; the highest rated has 4.5 stars and costs $25.') {
      held += 1 - guard.push(character).text.length;
      most = Math.max(most, held);
    }
    expect(most).toBeLessThanOrEqual('highest '.length);
    expect(held).toBeLessThanOrEqual('25.'.length);
  });
});

describe('in a prompt', () => {
  test('a card number does not reach the model', () => {
    expect(safety.screenPrompt('Pay with 4111111111111111').text).toBe('Pay with [card]');
  });

  test('addresses to write to do, and numbers to call', () => {
    const text = 'Write to anna@example.com, or call +44 20 7946 0958.';
    expect(safety.screenPrompt(text)).toEqual({ blocked: false, text, findings: [] });
  });

  test('somebody in need is seen and answered', () => {
    expect(safety.screenPrompt('I want to die')).toEqual({
      blocked: false,
      text: 'I want to die',
      findings: [{ rule: 'self-harm-mention', category: 'self-harm/intent', action: 'annotate' }],
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
