/** Writes docs/job.md from the job's schema. Run it after a change of the schema: `node dist/scripts/write-job-reference.js`. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { jobReference } from '../common/job/job-reference.js'

writeFileSync(fileURLToPath(new URL('../../docs/job.md', import.meta.url)), jobReference())
