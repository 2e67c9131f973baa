/** Writes `openapi/openapi.json` from the compiled schemas: `npm run openapi`. */
import { writeFile } from 'node:fs/promises';
import { openApiText } from '#octavo/server/openapi.js';

await writeFile(new URL('../openapi/openapi.json', import.meta.url), await openApiText());
