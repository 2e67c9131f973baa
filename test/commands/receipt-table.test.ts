/** How a receipt reads in a terminal. */
import { expect, it } from 'vitest';
import { formatReceipt } from '#octavo/commands/receipt-table.js';
import { exampleReceipt, labelReceipt, vectorReceipt } from '../support/receipt.js';

it('shows each figure of FP32 and INT8 and how they compare', () => {
  expect(formatReceipt(exampleReceipt)).toBe(`                                    FP32              INT8
perplexity                        5.2500            5.2552   +0.10% ± 0.02%
divergence, nats a token                           0.00125
same most likely token                              98.76%
difference of logits                                0.0313   at most 0.625
tokens/s, 1 row                     50.0               150   3.00 x
tokens/s, 16 rows                    400              1400   3.50 x
tokens/s, prompt of 128             1000              2500   2.50 x
on disk                          4.0 MiB           1.0 MiB   25.00%
resident memory                200.0 MiB         100.0 MiB   50.00%

Text: talks.jsonl, 3 texts, 1234 predictions in windows of up to 512 tokens.
Machine: An Example CPU (avx2, avx512_vnni), 2 cores, 8 GiB, linux-x64; cpu, 2 threads.
Octavo 0.1.0, ONNX Runtime 1.30.0, Node 20.20.2; measured 2026-01-02.
`);
});

it('shows a gain as a minus, and sampled text as such', () => {
  const text = { ...exampleReceipt.text, source: 'sampled', name: '' } as const;
  const perplexity = { ...exampleReceipt.perplexity, change: -0.0123 };
  const shown = formatReceipt({ ...exampleReceipt, text, perplexity });
  expect(shown).toContain(' -1.23% ± 0.02%');
  expect(shown).toContain('Text: sampled from FP32, 3 texts');
});

it('shows answers as such, and which prompts they answer', () => {
  const text = { ...exampleReceipt.text, source: 'answers', name: '' } as const;
  expect(formatReceipt({ ...exampleReceipt, text })).toContain(
    'Text: 3 answers of FP32 to the bundled text, 1234 predictions in answers of up to 512 tokens.',
  );
  const prompts = { ...text, name: 'prompts.txt' };
  expect(formatReceipt({ ...exampleReceipt, text: prompts })).toContain('3 answers of FP32 to prompts.txt, ');
});

const quality = (text: string) => text.split('\n').slice(1, text.split('\n').indexOf('') - 2);

it('shows of vectors how near they are, and whose neighbours they are', () => {
  const shown = formatReceipt(vectorReceipt);
  expect(quality(shown)).toEqual([
    'cosine to FP32                                     0.99950   1% below 0.99850, lowest 0.99750',
    'cosine of other texts            0.25000',
    'same 10 nearest texts                               96.00%',
    'texts/s, 4 x 128 tokens             10.0              25.0   2.50 x',
  ]);
  expect(shown).toContain('Text: the bundled text, 160 texts, 4321 tokens in texts of up to 77.');
});

it('shows of labels whether they are the same, of texts and of tokens', () => {
  expect(quality(formatReceipt(labelReceipt))).toEqual([
    'same label                                          99.38%',
    'divergence, nats a text                            0.00025',
    'difference of scores                                0.0055   at most 0.063',
    'difference of logits                                0.0235   at most 0.125',
    'texts/s, 4 x 128 tokens             10.0              25.0   2.50 x',
  ]);
  const text = { ...labelReceipt.text, source: 'file', name: 'notes.txt' } as const;
  const tagged = formatReceipt({ ...labelReceipt, task: 'tag', text });
  expect(tagged).toMatch(/^same label of a token .*\ndivergence, nats a token /m);
  expect(tagged).toContain('Text: notes.txt, 160 texts');
});
