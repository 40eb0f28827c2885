/** The built-in models by the kind that a job names. */
import { deepfm } from './deepfm.js'
import { fm } from './fm.js'
import { lr } from './lr.js'

export const models = { lr, fm, deepfm }
export type ModelKind = keyof typeof models
