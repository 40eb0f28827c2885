/** Finds and loads the addon. A missing build is an error that says how to build it. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { configError, LossmithError } from '../../common/errors.js'
import type { Native } from './binding.js'

const addonPath = fileURLToPath(new URL('../../../native/build/Release/lossmith.node', import.meta.url))

export function loadNative(): Native {
  // libgomp reads these when it is loaded: engine threads take whole lanes, a product has no team of its own.
  process.env.OMP_NUM_THREADS = '1'
  process.env.OMP_WAIT_POLICY ??= 'passive'
  if (!existsSync(addonPath)) {
    throw configError(
      'addon-missing',
      `wanted the native engine at ${addonPath}, found none: run \`npm run build:native\` (\`lossmith doctor\` says what that needs)`,
    )
  }
  const addon = createRequire(import.meta.url)(addonPath) as Native & { setErrorClass(errorClass: typeof LossmithError): void }
  addon.setErrorClass(LossmithError) // native errors are made by this class
  return addon
}
