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
    ['google-key', `AI${'za'}${letters.slice(0, 35)}`, '[secret]'],
    ['google-key', `GOC${'SPX'}-${letters.slice(0, 28)}`, '[secret]'],
    ['google-key', `"private${'_key'}_id": "${'0a1b2c3d4e'.repeat(4)}"`, '[secret]'],
    ['aws-secret-key', `aws_secret${'_access'}_key = ${letters.slice(0, 40)}`, '[secret]'],
    ['azure-key', `Account${'Key'}=${letters.slice(0, 80)}${letters.slice(0, 6)}==`, '[secret]'],
    ['azure-key', `abc8${'Q~'}${letters.slice(0, 34)}`, '[secret]'],
    ['gitlab-token', `gl${'rt'}-${letters.slice(0, 20)}`, '[secret]'],
    ['bitbucket-token', `AT${'BB'}${letters.slice(0, 32)}`, '[secret]'],
    ['model-api-key', `h${'f'}_${letters.slice(0, 34)}`, '[secret]'],
    ['package-token', `np${'m'}_${letters.slice(0, 36)}`, '[secret]'],
    ['package-token', `py${'pi'}-AgEIcHlwaS5vcmc${letters.slice(0, 70)}`, '[secret]'],
    ['package-token', `dckr${'_pat'}_${letters.slice(0, 27)}`, '[secret]'],
    ['slack-token', `hooks.slack${'.com'}/services/T0A1B2C3D/B0A1B2C3D/${letters.slice(0, 24)}`, '[secret]'],
    ['service-token', `S${'G'}.${letters.slice(0, 22)}.${letters.slice(0, 43)}`, '[secret]'],
    [
      'json-web-token',
      `ey${'J'}${letters.slice(0, 20)}.ey${'J'}${letters.slice(0, 60)}.${letters.slice(0, 43)}`,
      '[secret]',
    ],
    ['stripe-key', `sk${'_'}live_${letters.slice(0, 24)}`, '[secret]'],
    ['slack-token', `xo${'xb'}-123456789012-${letters.slice(0, 24)}`, '[secret]'],
    ['account/payment-card', '4111 1111 1111 1111', '[card]'],
    ['account/payment-card', '5555-5555-5555-4444', '[card]'],
    ['account/payment-card', '378282246310005', '[card]'],
    ['account/iban', 'DE89 3704 0044 0532 0130 00', '[iban]'],
    ['national-id/us-ssn', '536-22-8726', '[national-id]'],
    ['contact/email', 'anna@example.com', '[email]'],
    ['contact/phone', '+44 20 7946 0958', '[phone]'],
    ['contact/phone', '(415) 555-2671', '[phone]'],
    ['contact/ip-address', '93.184.216.34', '[ip-address]'],
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
