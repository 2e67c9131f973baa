/**
 * Guessing tokens from a request's own text (prompt lookup) on held-out dialogues, one stream, greedy: each assistant
 * turn is answered by plain decoding and with guesses, in alternation, four times, and the quickest counts. Prints the table of docs/performance.md.
 *
 *   npm run bench:speculation -- <dialogues.jsonl> [turns] [tokens to guess] [model folder]
 *
 * Copy-heavy turns are those of whose reference answer at least half the tokens could be guessed: chosen by the
 * dialogues, before anything is generated.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { Batcher } from '../dist/batcher/batcher.js';
import { defaultLimits } from '../dist/batcher/scheduler.js';
import { embeddedModel } from '../dist/engine-options.js';
import { lookUp } from '../dist/models/decoder/prompt-lookup.js';
import { greedy } from '../dist/models/decoder/sampling.js';
import { loadModel } from '../dist/models/load-model.js';

const [file, most = '60', draft = '8', folder = embeddedModel] = process.argv.slice(2);
if (file === undefined) throw new Error('Name a file of dialogues: one JSON object with "messages" a line.');
const draftTokens = Number(draft);
const maxTokens = 96;
/** Other programs only ever add to a time: of so many runs the quickest counts. */
const repeats = 4;

const { engine, model, close } = await loadModel({
  ...{ folder, name: null, rows: 4, context: 512, prefixCache: 0 },
  ...{ runtime: 'auto', device: 'cpu', threads: availableParallelism() },
});
const turns = await readTurns();
console.log(`${model.id}, greedy, ${draftTokens} tokens guessed at most\n`);
console.log(
  '| turns | number | tokens | plain, tokens/s | guessing, tokens/s | ratio | guesses accepted | tokens a run | other answers |',
);
console.log('|---|---|---|---|---|---|---|---|---|');
await compare('copy-heavy', turns.filter(({ copied }) => copied >= 0.5).slice(0, Number(most)));
await compare('others', turns.filter(({ copied }) => copied < 0.5).slice(0, Number(most)));
await close();

async function compare(name, chosen) {
  const [plain, guessing] = [createRun(0), createRun(draftTokens)];
  await answer(plain, chosen[0]);
  await answer(guessing, chosen[0]);
  for (const run of [plain, guessing]) Object.assign(run.sums, newSums());
  let [others, tokensOfAll] = [0, 0];
  const ms = new Map([plain, guessing].map((run) => [run, 0]));
  for (const turn of chosen) {
    const quickest = new Map([plain, guessing].map((run) => [run, Infinity]));
    const texts = new Map();
    for (let i = 0; i < repeats; i++) {
      for (const run of i % 2 === 0 ? [plain, guessing] : [guessing, plain]) {
        const before = run.sums.ms;
        texts.set(run, await answer(run, turn));
        quickest.set(run, Math.min(quickest.get(run), run.sums.ms - before));
      }
    }
    for (const [run, least] of quickest) ms.set(run, ms.get(run) + least);
    tokensOfAll += texts.get(plain).split(' ').length - 2;
    if (texts.get(plain) !== texts.get(guessing)) others++;
  }
  const rate = (run) => (1000 * tokensOfAll) / ms.get(run);
  const { drafted, accepted, tokens, rounds } = guessing.sums;
  const cells = [
    ...[name, chosen.length, tokensOfAll, rate(plain).toFixed(0), rate(guessing).toFixed(0)],
    ...[(rate(guessing) / rate(plain)).toFixed(2), `${((100 * accepted) / drafted).toFixed(0)}%`],
    ...[(tokens / rounds).toFixed(2), `${others} of ${chosen.length}`],
  ];
  console.log(`| ${cells.join(' | ')} |`);
}

function newSums() {
  return { tokens: 0, ms: 0, rounds: 0, drafted: 0, accepted: 0 };
}

function createRun(draft) {
  const sums = newSums();
  const step = ({ kind, tokens, rounds, speculation }) => {
    if (kind !== 'decode') return;
    sums.tokens += tokens;
    sums.rounds += rounds;
    sums.drafted += speculation?.drafted ?? 0;
    sums.accepted += speculation?.accepted ?? 0;
  };
  const batcher = new Batcher({
    engine,
    detokenizer: () => ({ push: (id) => `${id} `, flush: () => '' }),
    scheduler: defaultLimits,
    draftTokens: draft,
    queue: { sequences: 10, promptTokens: 1 << 20 },
    clock: () => performance.now(),
    events: { step, finished: ({ timings }) => (sums.ms += timings.decodeMs) },
  });
  return { sums, batcher };
}

/** The tokens, as text. */
async function answer({ batcher }, { prompt }) {
  const sampling = { ...greedy, stopTokens: model.endTokens };
  let text = '';
  const room = Math.min(maxTokens, engine.capacity - prompt.length);
  for await (const delta of batcher.submit({ prompt, maxTokens: room, sampling, tenant: '', stopStrings: [] }))
    text += delta.text;
  return text;
}

/** Every assistant turn that fits, with how much of its reference answer could have been guessed. */
async function readTurns() {
  const turns = [];
  const encode = (text) => model.tokenizer.encode(text, { addSpecialTokens: false });
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line.trim() === '') continue;
    const { messages, tools } = JSON.parse(line);
    for (const [index, { role }] of messages.entries()) {
      if (role !== 'assistant') continue;
      const before = model.chatTemplate.renderWhole({ messages: messages.slice(0, index), tools });
      const whole = model.chatTemplate.renderWhole({ messages: messages.slice(0, index + 1), tools });
      const opening = /^<\|im_start\|>assistant\n/.exec(whole.slice(before.length))?.[0];
      if (opening === undefined) throw new Error('The chat template is not the ChatML that this bench reads.');
      const prompt = await encode(before + opening);
      const ids = await encode(whole);
      if (prompt.length + maxTokens > engine.capacity || ids.length - prompt.length < 16) continue;
      let right = 0;
      for (let at = prompt.length; at < ids.length; at++) if (lookUp(ids.slice(0, at), 1)[0] === ids[at]) right++;
      turns.push({ prompt, copied: right / (ids.length - prompt.length) });
    }
  }
  return turns;
}
