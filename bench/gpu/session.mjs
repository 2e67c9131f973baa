/**
 * One contestant in a process of its own: prints a line of JSON for each run, or for each group of runs that failed.
 *
 *   node session.mjs <contestant as JSON> <groups of plans as JSON>
 */
import { availableParallelism } from 'node:os';
import { allPrompts } from '../peers/cases.mjs';
import { openOctavo } from '../peers/engines/octavo.mjs';
import { startProgram } from '../peers/python-program.mjs';
import { runPlan } from '../peers/run-plan.mjs';

const [contestant, groups] = process.argv.slice(2).map((json) => JSON.parse(json));
for (const plans of groups) {
  try {
    await runGroup(plans);
  } catch (error) {
    for (const { rows, prompt } of plans) say({ rows, prompt, problem: error.message.split('\n')[0] });
  }
}
process.exit(0);

async function runGroup(plans) {
  const rows = Math.max(...plans.map((plan) => plan.rows));
  const session = await open({ rows, capacity: plans[0].capacity });
  try {
    if (session.about !== undefined) say({ about: session.about });
    for (const plan of plans) say(await runPlan(session, plan));
  } finally {
    await session.close();
  }
}

async function open(size) {
  const { kind, folder, device, ortLibrary, python, program, form } = contestant;
  if (kind === 'octavo') return openOctavo({ ...size, folder, device, ortLibrary, threads: availableParallelism() });
  const running = await startProgram(python, [program, folder, form]);
  return { run: (plan) => running.ask({ ...plan, prompts: allPrompts(plan) }), close: running.close };
}

function say(line) {
  console.log(JSON.stringify(line));
}
