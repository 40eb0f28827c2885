import assert from 'node:assert/strict'
import { test } from 'node:test'
import { importProblems } from './check-imports.js'

test('the directions of DESIGN: worker and coordinator meet in proto only', () => {
  assert.deepEqual(importProblems('worker/step.ts', "import { x } from '../proto/load.js'\nimport { y } from '../native/ts/binding.js'"), [])
  assert.match(
    importProblems('worker/step.ts', "import { x } from '../coordinator/ledger.js'")[0]!,
    /worker may import from .*, not coordinator\/ledger\.js/,
  )
  assert.match(importProblems('coordinator/ledger.ts', "export { x } from '../worker/step.js'")[0]!, /not worker\/step\.js/)
  assert.match(importProblems('coordinator/a/b.ts', "const x = await import('../../native/ts/load.js')")[0]!, /not native\/ts\/load\.js/)
})

test('the dashboard is a client of Monitor, its page knows neither Node nor the rest of the coordinator', () => {
  const problems = (path: string, specifier: string) => importProblems(path, `import { x } from '${specifier}'`).length
  assert.equal(problems('coordinator/dashboard/relay-run.ts', '../monitor/monitor-client.js'), 0)
  assert.equal(problems('coordinator/dashboard/relay-run.ts', '../run-context.js'), 1)
  assert.equal(problems('coordinator/dashboard/relay-run.test.ts', '../start-coordinator.js'), 0)
  assert.equal(problems('coordinator/dashboard/page/panels/job.tsx', '../../../../proto/generated/lossmith/v1/Member.js'), 0)
  assert.equal(problems('coordinator/dashboard/page/panels/job.tsx', '../../event-stream.js'), 1)
  assert.equal(problems('coordinator/dashboard/page/panels/job.tsx', 'node:fs'), 1)
})

test('model imports errors and nothing else', () => {
  assert.deepEqual(importProblems('model/ops/add.ts', "import { configError } from '../../common/errors.js'\nimport { g } from '../graph.js'"), [])
  assert.equal(importProblems('model/ops/add.ts', "import type { Job } from '../../common/job/job.js'").length, 1)
})

test('one file loads the addon, one folder knows Node', () => {
  assert.equal(importProblems('worker/x.ts', "require('../native/build/Release/lossmith.node')").length, 1)
  assert.equal(importProblems('native/engine/x.cc', '#include <napi.h>\n').length, 1)
  assert.equal(importProblems('native/engine/x.cc', '#include "addon/handles.h"\n').length, 1)
  assert.deepEqual(importProblems('native/addon/x.cc', '#include <napi.h>\n#include "engine/program.h"'), [])
  assert.deepEqual(importProblems('native/engine/x.cc', '#include "engine/program.h"\n#include <vector>'), [])
})
