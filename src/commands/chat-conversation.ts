/** A conversation in a terminal, or with lines of a file: reads a line, has it answered, remembers both. */
import { createInterface, type Interface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { OctavoError } from '../errors.js';
import { type ChatCommand, chatHelp, describeUnknown, readChatLine } from './chat-line.js';
import { describeEnd, describeFailure } from './chat-remarks.js';
import { type Message, Refusal, type ReplySettings, streamReply } from './chat-reply.js';

export interface ConversationSettings extends ReplySettings {
  readonly system: string | null;
  /** The server's limits are its own: they are not known. */
  readonly isRemote: boolean;
}

export interface ChatStreams {
  readonly input: Readable;
  readonly output: Writable;
  /** Takes what the model did not say. */
  readonly remarks: Writable;
  /** A person types: what fails is told and can be tried again. */
  readonly isInteractive: boolean;
}

/**
 * Resolves with how many lines were not answered when `/exit` or the end of the input ends it. Throws `not_ready` and
 * `engine_failed` where the lines come from a file.
 */
export async function converse(url: string, settings: ConversationSettings, streams: ChatStreams): Promise<number> {
  const conversation = new Conversation(url, settings, streams);
  await conversation.run();
  return conversation.failed;
}

class Conversation {
  readonly #url: string;
  readonly #settings: ConversationSettings;
  readonly #streams: ChatStreams;
  readonly #terminal: Interface;
  #messages: readonly Message[];
  /** Ends the reply that is being written. */
  #reply: AbortController | null = null;
  /** Input from a file ends before its lines are answered; Node 24 refuses to prompt then. */
  #isOpen = true;
  /** Ctrl+C once more ends. */
  #isWarned = false;
  /** Lines that were not answered. */
  failed = 0;

  constructor(url: string, settings: ConversationSettings, streams: ChatStreams) {
    const { input, output, isInteractive } = streams;
    this.#url = url;
    this.#settings = settings;
    this.#streams = streams;
    this.#messages = this.#opening();
    this.#terminal = createInterface({ input, output, prompt: isInteractive ? '> ' : '' });
    this.#terminal.on('SIGINT', () => this.#onInterrupt());
    this.#terminal.once('close', () => {
      this.#isOpen = false;
      if (isInteractive) this.#reply?.abort();
    });
  }

  async run(): Promise<void> {
    const { output, isInteractive } = this.#streams;
    try {
      this.#terminal.prompt();
      for await (const line of this.#terminal) {
        this.#isWarned = false;
        if ((await this.#takeLine(line)) === '/exit') return;
        if (this.#isOpen) this.#terminal.prompt();
      }
      // The prompt stands on the line.
      if (isInteractive) output.write('\n');
    } finally {
      this.#terminal.close();
    }
  }

  /** Ctrl+C: what it ends depends on what is going on. */
  #onInterrupt(): void {
    if (this.#reply !== null) this.#reply.abort();
    else if (this.#terminal.line !== '') this.#clearLine();
    else if (this.#isWarned) this.#terminal.close();
    else {
      this.#isWarned = true;
      this.#streams.output.write('\n');
      this.#remark('(Ctrl+C once more, Ctrl+D or /exit ends.)');
      this.#terminal.prompt();
    }
  }

  /** By the keys that do it. */
  #clearLine(): void {
    this.#terminal.write(null, { ctrl: true, name: 'e' });
    this.#terminal.write(null, { ctrl: true, name: 'u' });
  }

  /** The command that the line was. */
  async #takeLine(text: string): Promise<ChatCommand | null> {
    const line = readChatLine(text);
    if (line.kind === 'message') await this.#takeTurn([...this.#messages, { role: 'user', content: line.text }]);
    if (line.kind === 'unknown') this.#fail(describeUnknown(line.name));
    if (line.kind !== 'command') return null;
    if (line.name === '/new') this.#messages = this.#opening();
    if (line.name === '/help') this.#streams.output.write(chatHelp);
    return line.name;
  }

  /** Remembers the question with its reply, or neither. */
  async #takeTurn(messages: readonly Message[]): Promise<void> {
    this.#reply = new AbortController();
    const { output, isInteractive } = this.#streams;
    try {
      const asked = { messages, settings: this.#settings };
      const write = (text: string) => void output.write(text);
      const reply = await streamReply(this.#url, asked, { write, signal: this.#reply.signal });
      output.write('\n');
      const remark = describeEnd(reply, this.#settings);
      if (remark !== null) this.#remark(remark);
      // A template may refuse a turn of no words.
      if (reply.isStopped && reply.content === '') return;
      this.#messages = [...messages, { role: 'assistant', content: reply.content }];
    } catch (error) {
      const canGoOn = error instanceof Refusal || (isInteractive && error instanceof OctavoError);
      if (!canGoOn) throw error;
      this.#fail(describeFailure(error, messages.length > this.#opening().length + 1));
    } finally {
      this.#reply = null;
    }
  }

  #opening(): readonly Message[] {
    const { system } = this.#settings;
    return system === null ? [] : [{ role: 'system', content: system }];
  }

  #fail(message: string): void {
    this.failed++;
    this.#remark(message);
  }

  #remark(text: string): void {
    this.#streams.remarks.write(`${text}\n`);
  }
}
