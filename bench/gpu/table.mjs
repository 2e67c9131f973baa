/** The table of what was measured, and below it why a figure is missing. */
import { digits } from '../peers/tables.mjs';

/**
 * `measured`: for each contestant its name, the lines of its runs, and the bytes of weights that a decode step reads (`null`: not
 * known); `sizes`: of the runs; `bandwidth`: bytes per second that the device's memory gives, or `null`.
 */
export function formatTable({ measured, sizes, bandwidth }) {
  const { rows, prompt, long } = sizes;
  const head = [
    ...['', ...rows.map((count) => `${count} ${count === 1 ? 'row' : 'rows'}`), 'of the bandwidth, 1 row'],
    ...[
      `prefill of ${digits(long.prompt)}`,
      `first token of ${prompt}, ms`,
      `of ${digits(long.prompt)}, ms`,
      'tokens alike',
    ],
  ];
  const reference = tokensOf(
    measured.find(({ isReference }) => isReference),
    prompt,
  );
  const lines = measured.map((one) => {
    const at = (count, length, field) => bestOf(one, { rows: count, prompt: length }, field);
    const share = shareOf(at(1, prompt, 'decode'), one.weightBytes, bandwidth);
    return [
      ...[one.name, ...rows.map((count) => show(at(count, prompt, 'decode')))],
      ...[
        share,
        show(at(1, long.prompt, 'prefill')),
        show(at(1, prompt, 'firstTokenMs')),
        show(at(1, long.prompt, 'firstTokenMs')),
      ],
      alike(tokensOf(one, prompt), reference),
    ];
  });
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** What is missing and why, a line for each reason of each contestant. */
export function formatProblems(measured) {
  const lines = measured.flatMap(({ name, problems, lines: runs }) => {
    const failed = runs.filter(({ problem }) => problem !== undefined);
    const sizesOf = (why) =>
      failed.filter(({ problem }) => problem === why).map((run) => `${run.rows} x ${run.prompt}`);
    const reasons = new Set(failed.map(({ problem }) => problem));
    const told = Array.from(reasons, (why) => `${[...new Set(sizesOf(why))].join(', ')}: ${why}`);
    return [...problems, ...told].map((why) => `| ${name} | ${why.replaceAll('|', '\\|').slice(0, 300)} |`);
  });
  return lines.length === 0 ? '' : ['| not measured | |', '|---|---|', ...lines].join('\n');
}

/** Of the runs of one size the best: the most of a rate, the least of a time. */
function bestOf({ lines }, { rows, prompt }, field) {
  const values = lines
    .filter((line) => line.rows === rows && line.prompt === prompt && line.problem === undefined)
    .map((line) => line[field])
    .filter((value) => value !== null && value !== undefined);
  if (values.length === 0) return null;
  return field === 'firstTokenMs' ? Math.min(...values) : Math.max(...values);
}

/** One row's step reads every weight once. */
function shareOf(tokensPerSecond, weightBytes, bandwidth) {
  if (tokensPerSecond === null || weightBytes === null || bandwidth === null) return '-';
  return `${((100 * tokensPerSecond * weightBytes) / bandwidth).toFixed(0)}%`;
}

function tokensOf(one, prompt) {
  return one?.lines.find((line) => line.rows === 1 && line.prompt === prompt && line.tokens !== undefined)?.tokens;
}

/** Of the first eight tokens of a row alone, those that the reference has, up to the first other one. */
function alike(tokens, reference) {
  if (tokens === undefined || reference === undefined) return '-';
  const count = Math.min(8, tokens.length, reference.length);
  const other = tokens.slice(0, count).findIndex((id, index) => id !== reference[index]);
  return `${other < 0 ? count : other} of ${count}`;
}

function show(value) {
  return value === null ? '-' : digits(value);
}
