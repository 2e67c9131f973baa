/** Folders of a test file, removed when it ends. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** A new empty folder. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'octavo-test-'));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
