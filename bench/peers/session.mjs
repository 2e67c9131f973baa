/**
 * One peer in a process of its own: loads the model once, runs the plans, prints a line of JSON for each: rows, prompt, and
 * rates. The first run of each size warms up.
 *
 *   node bench/peers/session.mjs <peer> <shape> <threads> <plans as JSON>
 */
import { peers } from './peers.mjs';
import { runPlan } from './run-plan.mjs';

const [id, shape, threads, json] = process.argv.slice(2);
const plans = JSON.parse(json);
const peer = await peers[id]();
const most = (field) => Math.max(...plans.map((plan) => plan[field]));
const session = await peer.open({ shape, threads: Number(threads), rows: most('rows'), capacity: most('capacity') });
await session.run({ ...plans[0], rows: 1, prompt: 64, steps: 8, stagger: 0 });
for (const plan of plans) console.log(JSON.stringify(await runPlan(session, plan)));
await session.close();
process.exit(0);
