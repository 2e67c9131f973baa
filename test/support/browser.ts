/** A page in headless Chromium, driven by the DevTools protocol over a pipe (https://chromedevtools.github.io/devtools-protocol). */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

type Settle = (message: Message) => void;

export class BrowserPage {
  /** Addresses that the page asked for, in order. */
  readonly requests: string[] = [];
  /** Exceptions in the page, and what the browser complained about. */
  readonly complaints: string[] = [];
  readonly #browser: ChildProcess;
  readonly #profile: string;
  readonly #answers = new Map<number, Settle>();
  #session: string | undefined;
  #lastId = 0;

  /** Starts the browser with one empty page. */
  static async open(): Promise<BrowserPage> {
    const profile = await mkdtemp(join(tmpdir(), 'octavo-chromium-'));
    // No sandbox: it needs rights that containers and root do not have.
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'];
    const browser = spawn('chromium', [...flags, `--user-data-dir=${profile}`, '--remote-debugging-pipe'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    });
    await once(browser, 'spawn');
    const page = new BrowserPage(browser, profile);
    const { targetId } = await page.#send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await page.#send('Target.attachToTarget', { targetId, flatten: true });
    page.#session = String(sessionId);
    for (const domain of ['Page', 'Network', 'Runtime', 'Log']) await page.#send(`${domain}.enable`);
    await page.#send('Emulation.setDeviceMetricsOverride', {
      ...{ width: 1200, height: 1400, deviceScaleFactor: 1, mobile: false },
    });
    return page;
  }

  private constructor(browser: ChildProcess, profile: string) {
    this.#browser = browser;
    this.#profile = profile;
    let rest = '';
    // The browser reads from its descriptor 3 and writes to 4: messages of JSON, each ended by a zero byte.
    for (const pipe of [this.#browser.stdio[3], this.#browser.stdio[4]]) pipe?.on('error', () => this.#lose());
    browser.once('exit', () => this.#lose());
    (browser.stdio[4] as Readable).setEncoding('utf8').on('data', (text: string) => {
      const messages = (rest + text).split('\0');
      rest = messages.pop() ?? '';
      for (const message of messages) this.#receive(JSON.parse(message) as Message);
    });
  }

  async goTo(url: string): Promise<void> {
    await this.#send('Page.navigate', { url });
  }

  /** The value of a JavaScript expression in the page. Throws what the expression throws. */
  async evaluate(expression: string): Promise<unknown> {
    const answer = await this.#send('Runtime.evaluate', { expression, returnByValue: true });
    if (answer.exceptionDetails) throw new Error(`${expression}: ${JSON.stringify(answer.exceptionDetails)}`);
    return (answer.result as { value?: unknown }).value;
  }

  /** The value of the expression once it is truthy. */
  async waitFor(expression: string): Promise<unknown> {
    for (;;) {
      const value = await this.evaluate(expression);
      if (value) return value;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Clicks an element until the expression `isDone` holds: while a page still renders, a click can get lost. */
  async click(selector: string, isDone: string): Promise<void> {
    for (let round = 0; !(await this.evaluate(isDone)); round++) {
      // About once a second: an answer may take its time.
      if (round % 50 === 0) await this.evaluate(`document.querySelector('${selector}')?.click()`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async screenshot(file: string): Promise<void> {
    const { data } = await this.#send('Page.captureScreenshot');
    await writeFile(file, Buffer.from(String(data), 'base64'));
  }

  async close(): Promise<void> {
    const exited = once(this.#browser, 'exit');
    this.#browser.kill();
    await exited;
    // Processes of the browser may still write to the profile.
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 10 });
  }

  async #send(method: string, params: object = {}): Promise<Record<string, unknown>> {
    const id = ++this.#lastId;
    const session = this.#session === undefined ? {} : { sessionId: this.#session };
    const answer = new Promise<Message>((settle) => this.#answers.set(id, settle));
    (this.#browser.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, ...session })}\0`);
    const { result, error } = await answer;
    if (error) throw new Error(`${method}: ${error.message}`);
    return result ?? {};
  }

  /** Whoever still waits is told that no answer will come. */
  #lose(): void {
    for (const settle of this.#answers.values()) settle({ error: { message: 'the browser is gone' } });
    this.#answers.clear();
  }

  #receive({ id, method, params = {}, ...answer }: Message): void {
    if (id !== undefined) {
      this.#answers.get(id)?.(answer);
      this.#answers.delete(id);
    } else if (method === 'Network.requestWillBeSent') {
      this.requests.push((params.request as { url: string }).url);
    } else if (method === 'Runtime.exceptionThrown' || method === 'Log.entryAdded') {
      this.complaints.push(JSON.stringify(params));
    }
  }
}
