/** `--set path=value`: puts a YAML-typed value at a dotted path of the raw job. `data.train[1]=x` and `data.train.1=x` reach into lists. */
import { parse } from 'yaml'
import { configError } from '../errors.js'

/** Returns the path that was set, as problems write it: data.train[1]. */
export function setValue(job: Record<string, unknown>, assignment: string): string {
  const equals = assignment.indexOf('=')
  const path = assignment.slice(0, Math.max(equals, 0)).trim()
  if (equals < 0 || !/^[\w-]+((\.[\w-]+)|(\[\d+\]))*$/.test(path)) {
    throw configError('set-invalid', `wanted --set path=value, such as --set train.batch=4096, got ${JSON.stringify(assignment)}`)
  }
  let value: unknown
  try {
    value = parse(assignment.slice(equals + 1))
  } catch (error) {
    throw configError('set-invalid', `--set ${path}: wanted a YAML value, got ${JSON.stringify(assignment.slice(equals + 1))}: ${firstLine(error)}`)
  }
  const keys = path.replace(/\[(\d+)\]/g, '.$1').split('.')
  const last = keys.pop()!
  let place = job
  keys.forEach((key, i) => {
    const next = keys[i + 1] ?? last
    place = stepInto(place, key, isIndex(next))
    if (Array.isArray(place) && !(isIndex(next) && Number(next) <= place.length)) {
      throw configError('set-invalid', `--set ${path}: wanted a position from 0 to ${place.length}, got ${next}`)
    }
  })
  // A kind decides which other keys there are: those of another kind would be refused as unknown.
  const changesKind = (last === 'kind' || last === 'by') && Object.hasOwn(place, last) && place[last] !== value
  if (changesKind) for (const key of Object.keys(place)) delete place[key]
  define(place, last, value)
  return path.replace(/\.(\d+)(?=[.[]|$)/g, '[$1]')
}

/** The object or list at a key, made where there is none; a single value becomes a list of one when a position is asked for. */
function stepInto(place: Record<string, unknown>, key: string, wantsList: boolean): Record<string, unknown> {
  const old = Object.hasOwn(place, key) ? place[key] : undefined
  if (typeof old !== 'object' || old === null) define(place, key, wantsList ? (old === undefined || old === null ? [] : [old]) : {})
  return place[key] as Record<string, unknown>
}

/** Also for keys such as __proto__, which are then refused as unknown. */
function define(place: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(place, key, { value, enumerable: true, writable: true, configurable: true })
}

const isIndex = (key: string) => /^\d{1,9}$/.test(key)

const firstLine = (error: unknown) => (error instanceof Error ? error.message : String(error)).split('\n')[0]
