/** A profile that ONNX Runtime writes of a session: what each of its runs took, and where. */
import { z } from 'zod';
import { OctavoError } from '../../errors.js';

export interface TimedPart {
  /** ONNX Runtime's name of the provider; `null` for what a device tells by its own clock. */
  readonly provider: string | null;
  readonly operator: string;
  readonly micros: number;
}

/** One run of the graph. */
export interface TimedRun {
  /** From its call to its end. */
  readonly micros: number;
  /** On the host. Of a GPU's provider that is the launch, or the copy and the wait for what it copies. */
  readonly nodes: readonly TimedPart[];
  /** On a device, where its provider times its kernels. */
  readonly kernels: readonly TimedPart[];
}

/** Chrome's trace format, in the parts that are read. */
const eventSchema = z.object({
  cat: z.string(),
  name: z.string(),
  ts: z.number(),
  dur: z.number().nonnegative(),
  args: z.object({ op_name: z.string().optional(), provider: z.string().optional() }).default({}),
});
type Event = z.infer<typeof eventSchema>;

/** In the order in which they ran. Throws `internal_error` for a text that is no profile. */
export function parseProfile(text: string): readonly TimedRun[] {
  const events = readEvents(text);
  const runs = events.filter(({ cat, name }) => cat === 'Session' && name === 'model_run');
  const [nodes, kernels] = [events.filter(isNode), events.filter(isKernel)];
  return runs
    .toSorted((a, b) => a.ts - b.ts)
    .map((run) => {
      const within = ({ ts }: Event) => ts >= run.ts && ts <= run.ts + run.dur;
      return {
        micros: run.dur,
        nodes: nodes.filter(within).map(({ args, dur }) => {
          return { provider: args.provider ?? null, operator: args.op_name ?? '', micros: dur };
        }),
        kernels: kernels.filter(within).map(({ name, dur }) => {
          return { provider: null, operator: operatorOfKernel(name), micros: dur };
        }),
      };
    });
}

function readEvents(text: string): readonly Event[] {
  try {
    return z.array(eventSchema).parse(JSON.parse(text));
  } catch (error) {
    const message = `ONNX Runtime wrote a profile that cannot be read: ${(error as Error).message.slice(0, 200)}`;
    throw new OctavoError('internal_error', message, null, { cause: error });
  }
}

/** Others of that category fence a node in. */
function isNode({ cat, name }: Event): boolean {
  return cat === 'Node' && name.endsWith('_kernel_time');
}

/** WebGPU's and CUDA's categories. */
function isKernel({ cat }: Event): boolean {
  return cat === 'Api' || cat === 'Kernel';
}

/** WebGPU's are named `node&operator&program`. */
function operatorOfKernel(name: string): string {
  return name.split('&')[1] ?? name;
}
