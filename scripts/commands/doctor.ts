import { describeDiagnosis, diagnose } from '../doctor.js'
import type { Terminal } from '../terminal.js'

/** Exit code 0 when training is possible here, else 2. */
export function doctor(terminal: Terminal): number {
  const diagnosis = diagnose()
  terminal.result(describeDiagnosis(diagnosis), { ok: diagnosis.ready, ...diagnosis })
  return diagnosis.ready ? 0 : 2
}
