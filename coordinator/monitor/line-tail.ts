/** Whole lines of a file that grows: each call reads what came since the last one, a megabyte at a time, so that a file of any length takes no memory. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const chunkBytes = 1 << 20

export class LineTail {
  private readonly path: string
  /** Bytes of the lines that were read. */
  private done = 0
  private inode = 0

  constructor(path: string) {
    this.path = path
  }

  /** Calls `take` with each new line. False: the file was cut or replaced since, and it is to be read anew; nothing was read. */
  read(take: (line: string) => void): boolean {
    let file: number
    try {
      file = openSync(this.path, 'r')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      return this.done === 0
    }
    try {
      const { size, ino } = fstatSync(file)
      if (this.done > 0 && (size < this.done || ino !== this.inode || !this.atLineStart(file))) return false
      this.inode = ino
      this.readTo(file, size, take)
      return true
    } finally {
      closeSync(file)
    }
  }

  /** A file that was cut and has grown again holds other lines. */
  private atLineStart(file: number): boolean {
    const before = Buffer.alloc(1)
    return readSync(file, before, 0, 1, this.done - 1) === 1 && before[0] === 10
  }

  private readTo(file: number, size: number, take: (line: string) => void) {
    let buffer = Buffer.allocUnsafe(Math.min(chunkBytes, size - this.done))
    while (this.done < size) {
      const bytes = readSync(file, buffer, 0, buffer.length, this.done)
      const last = buffer.lastIndexOf(10, bytes - 1)
      if (bytes === 0) return
      if (last < 0 || last >= bytes) {
        // A line longer than the buffer, or the half of one that is being written.
        if (this.done + bytes >= size) return
        buffer = Buffer.allocUnsafe(Math.min(2 * buffer.length, size - this.done))
        continue
      }
      for (let from = 0; from <= last; ) {
        const end = buffer.indexOf(10, from)
        take(buffer.toString('utf8', from, end))
        from = end + 1
      }
      this.done += last + 1
    }
  }
}
