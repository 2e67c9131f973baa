/** The safety filter as the server sees it: text in, verdict or safe text out. It knows no HTTP and no tokens. */

export type SafetyAction = 'block' | 'redact' | 'annotate';

/** One match of one rule. The matched text itself is never part of it. */
export interface Finding {
  readonly rule: string;
  readonly category: string;
  readonly action: SafetyAction;
}

export interface PromptVerdict {
  /** A rule blocks this prompt. */
  readonly blocked: boolean;
  /** The prompt with redacted spans replaced. */
  readonly text: string;
  readonly findings: readonly Finding[];
}

export interface SafeText {
  /** Text that may leave now. */
  readonly text: string;
  /** A rule blocked the output: nothing of the match left, and nothing more will. */
  readonly blocked: boolean;
  readonly findings: readonly Finding[];
}

/** Screens one streamed text. What it releases in all is the same however the text is cut into pieces. */
export interface StreamGuard {
  /** Takes new text, gives back what no rule can still match. After a block it releases nothing. */
  push(text: string): SafeText;
  /** The text has ended: releases or blocks what was held back. */
  end(): SafeText;
}

export interface Safety {
  screenPrompt(text: string): PromptVerdict;
  guardOutput(): StreamGuard;
}
