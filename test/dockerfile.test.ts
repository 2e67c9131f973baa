/** The Dockerfile's targets, read as Docker reads them: no daemon is needed to see what a stage copies, as whom it runs, and what it inherits. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface Stage {
  readonly from: string;
  readonly instructions: readonly (readonly [name: string, args: string])[];
}

const stages = readStages(readFileSync('Dockerfile', 'utf8'));

/** A line goes on after a backslash; comments and empty lines are none. */
function readStages(text: string): ReadonlyMap<string, Stage> {
  const lines = text
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const found = new Map<string, Stage>();
  let instructions: (readonly [string, string])[] = [];
  for (const line of lines) {
    const [name = '', args = ''] = line.split(/ (.*)/);
    if (name === 'FROM') {
      const [, from = '', stage = ''] = /^(\S+) AS (\S+)$/.exec(args) ?? [];
      instructions = [];
      found.set(stage, { from, instructions });
    } else instructions.push([name, args]);
  }
  return found;
}

/** The last of an instruction, in the stage or one that it is made from. */
function effective(stage: string, name: string): string | undefined {
  const { from, instructions } = stages.get(stage) ?? { from: '', instructions: [] };
  return (
    instructions.findLast(([other]) => other === name)?.[1] ?? (stages.has(from) ? effective(from, name) : undefined)
  );
}

describe.each(['cpu', 'gpu'])('the target %s', (target) => {
  it('runs as an ordinary user, with a health check, on one address and port', () => {
    expect(effective(target, 'USER')).toBe('node');
    expect(effective(target, 'HEALTHCHECK')).toMatch(/CMD \["node", "scripts\/health-check.js"\]$/);
    expect(effective(target, 'EXPOSE')).toBe('8080');
    expect(effective(target, 'ENTRYPOINT')).toBe('["node", "dist/cli.js"]');
    expect(effective(target, 'CMD')).toBe('["serve"]');
    expect(stages.get('server')?.instructions).toContainEqual(['ENV', 'NODE_ENV=production HOST=0.0.0.0']);
  });
});

it('builds the one for CPUs where no target is named', () => {
  expect([...stages.keys()]).toEqual(['build', 'server', 'gpu', 'cpu']);
});

it('asks for the parts of the driver that Vulkan and CUDA need, and brings the loader', () => {
  expect(effective('gpu', 'ENV')).toContain('NVIDIA_DRIVER_CAPABILITIES=compute,graphics,utility');
  const install = effective('gpu', 'RUN') ?? '';
  expect(install).toMatch(
    /apt-get update .*install -y --no-install-recommends libvulkan1 .*rm -rf \/var\/lib\/apt\/lists/,
  );
});

it('copies what is there and what .dockerignore lets through', () => {
  const allowed = Array.from(readFileSync('.dockerignore', 'utf8').matchAll(/(?<=^!).*/gm), ([path]) => path);
  const copied = [...stages.values()]
    .flatMap(({ instructions }) => instructions)
    .filter(([name, args]) => name === 'COPY' && !args.startsWith('--from='))
    .flatMap(([, args]) => args.split(' ').slice(0, -1))
    .map((path) => path.replace(/^\.\//, ''));
  expect(copied.length).toBeGreaterThan(8);
  expect(copied.filter((path) => !existsSync(path) || !allowed.includes(path))).toEqual([]);
  expect(allowed.filter((path) => !copied.includes(path))).toEqual([]);
});
