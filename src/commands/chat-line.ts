/** What a line of a chat means: a message for the model, or a command for the chat itself. */

const commands = {
  '/new': 'begin another conversation',
  '/help': 'list these commands',
  '/exit': 'end, as Ctrl+D does',
} as const;

export type ChatCommand = keyof typeof commands;

export type ChatLine =
  | { readonly kind: 'message'; readonly text: string }
  | { readonly kind: 'command'; readonly name: ChatCommand }
  /** It looks like a command, and is none. */
  | { readonly kind: 'unknown'; readonly name: string }
  | { readonly kind: 'empty' };

/** The first of two slashes only says that the line is a message. */
export function readChatLine(line: string): ChatLine {
  const text = line.trim();
  if (text === '') return { kind: 'empty' };
  if (text.startsWith('//')) return { kind: 'message', text: text.slice(1) };
  if (!text.startsWith('/')) return { kind: 'message', text };
  return isCommand(text) ? { kind: 'command', name: text } : { kind: 'unknown', name: text.split(/\s/, 1)[0] ?? text };
}

function isCommand(text: string): text is ChatCommand {
  return Object.hasOwn(commands, text);
}

const howToSend = 'a message that begins with a slash is written with two, as //etc';

/** A line for each command. */
export const chatHelp = `${Object.entries(commands)
  .map(([name, what]) => `  ${name.padEnd(6)} ${what}`)
  .join('\n')}
  Ctrl+C stops a reply, and clears a line; ${howToSend}.
`;

export function describeUnknown(name: string): string {
  return `There is no command ${name}: /help lists them, and ${howToSend}.`;
}
