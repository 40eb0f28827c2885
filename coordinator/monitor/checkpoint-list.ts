/** The checkpoints of a run as its monitor shows them. What a checkpoint is does not change once it is there, so each is looked at once. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { listCheckpoints } from '../../common/checkpoint/list-checkpoints.js'
import { readManifest } from '../../common/checkpoint/manifest.js'
import type { Checkpoint__Output as Checkpoint } from '../../proto/generated/lossmith/v1/Checkpoint.js'

export class CheckpointList {
  private readonly parent: string
  private readonly known = new Map<string, Checkpoint>()

  /** `parent`: the folder of all checkpoints. */
  constructor(parent: string) {
    this.parent = parent
  }

  /** Oldest first. One that goes while it is looked at, or is damaged, is left out. */
  async list(): Promise<Checkpoint[]> {
    const names = await listCheckpoints(this.parent)
    for (const name of this.known.keys()) if (!names.includes(name)) this.known.delete(name)
    const all = await Promise.all(names.map((name) => this.get(name)))
    return all.filter((checkpoint) => checkpoint !== undefined)
  }

  async get(name: string): Promise<Checkpoint | undefined> {
    const known = this.known.get(name)
    if (known !== undefined) return known
    const directory = join(this.parent, name)
    try {
      const [{ mtimeMs }, { step, files }] = await Promise.all([stat(directory), readManifest(directory)])
      const bytes = Object.values(files).reduce((sum, file) => sum + file.bytes, 0)
      const checkpoint = { name, step, bytes, unixMs: Math.round(mtimeMs) }
      this.known.set(name, checkpoint)
      return checkpoint
    } catch {
      return undefined
    }
  }
}
