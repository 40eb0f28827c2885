/** What a model is: options with defaults, and a function from inputs to logits. Built-in models and users' files are the same thing. */
import { configError } from '../common/errors.js'
import type { Tensor } from './graph.js'
import type { Layers } from './layers/layers.js'
import type { ModelInputs } from './layers/scope.js'

export interface ModelDefinition<Options extends object = Record<string, unknown>> {
  /** Every option with its default, which also says its type. */
  readonly defaults: Options
  /** Builds the graph and returns logits [B], of C ≥ 2 classes (layers.classes) [B, C]. It must depend on its arguments only: it runs once for training and once for prediction. */
  build(inputs: ModelInputs, options: Options, layers: Layers): Tensor
}

/** Types a definition by its defaults; a user's file has one as its default export. */
export function defineModel<Options extends object>(definition: ModelDefinition<Options>): ModelDefinition<Options> {
  return definition
}

/** Defaults with the job's options over them. Refuses unknown names and other types than the default's. */
export function withDefaults<Options extends object>(defaults: Options, given: Readonly<Record<string, unknown>>): Options {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(defaults, name))
      throw configError('model-option', `[model] wanted options of ${Object.keys(defaults).join(', ') || 'no name'}, got '${name}'`)
    const wanted = (defaults as Record<string, unknown>)[name]
    if (!sameKind(wanted, value))
      throw configError('model-option', `[model] wanted ${name} like ${JSON.stringify(wanted)}, got ${JSON.stringify(value)}`)
  }
  return { ...defaults, ...given }
}

function sameKind(wanted: unknown, value: unknown): boolean {
  if (Array.isArray(wanted)) return Array.isArray(value) && (wanted.length === 0 || value.every((each) => sameKind(wanted[0], each)))
  return typeof wanted === typeof value && Array.isArray(value) === false && (wanted === null) === (value === null)
}
