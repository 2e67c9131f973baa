/** docs/peers.svg: a panel of bars for each number of rows, and one for the prompt; Octavo's bar stands out. */
import { peers } from './peers.mjs';
import { median } from './rates.mjs';
import { valuesOf } from './results.mjs';
import { digits } from './tables.mjs';

const shape = 'qwen2.5-0.5b';
const prompt = 128;
const panels = [
  ...[1, 4, 16, 32].map((rows) => ({ title: `decode, ${rows} ${rows === 1 ? 'row' : 'rows'}`, rows, field: 'decode' })),
  { title: `prompt of ${prompt}`, rows: 1, field: 'prefill' },
];

const names = 250;
const panel = 150;
const line = 24;
const top = 64;

export function drawChart(results) {
  const measured = Object.keys(peers).filter((peer) =>
    panels.some(({ rows, field }) => valuesOf(results, { peer, shape, prompt, rows }, field).length > 0),
  );
  const [width, height] = [names + panels.length * panel + 20, top + measured.length * line + 16];
  const labels = measured.map((peer, index) => {
    const weight = peer === 'octavo' ? ' font-weight="bold"' : '';
    return `<text x="${names - 12}" y="${top + index * line + 15}" text-anchor="end"${weight}>${results.peers[peer].name}</text>`;
  });
  const bars = panels.flatMap((one, index) => drawPanel(results, { ...one, measured, left: names + index * panel }));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="13" fill="#1f2430">
<title>Tokens per second of Octavo and its peers</title>
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="16" y="24" font-size="15" font-weight="bold">Tokens/s, ${shape}, prompts of ${prompt}; each panel has its own scale</text>
${[...labels, ...bars].join('\n')}
</svg>
`;
}

function drawPanel(results, { title, rows, field, measured, left }) {
  const values = measured.map((peer) => {
    const samples = valuesOf(results, { peer, shape, prompt, rows }, field);
    return samples.length === 0 ? null : median(samples);
  });
  const largest = Math.max(...values.filter((value) => value !== null), 1);
  const bars = values.map((value, index) => {
    const y = top + index * line;
    if (value === null) return `<text x="${left}" y="${y + 15}" fill="#8a90a0">not measured</text>`;
    const length = Math.max(1, (value / largest) * (panel - 66));
    const fill = measured[index] === 'octavo' ? '#2f5fd0' : '#b9c2d6';
    const bar = `<rect x="${left}" y="${y + 2}" width="${length.toFixed(1)}" height="${line - 7}" rx="2" fill="${fill}"/>`;
    return `${bar}<text x="${(left + length + 6).toFixed(1)}" y="${y + 15}">${digits(value)}</text>`;
  });
  return [`<text x="${left}" y="${top - 12}" fill="#5a6172">${title}</text>`, ...bars];
}
