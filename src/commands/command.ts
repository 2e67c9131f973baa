/** What a subcommand of `octavo` is. */

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** The whole help text: usage, options, examples. */
  readonly help: string;
  /** Runs until done; a failure is thrown as OctavoError with a message for a person. */
  run(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<void>;
}
