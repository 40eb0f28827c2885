/** The package as npm packs it, installed in an empty folder. Needs no network: what npm's cache lacks is linked from this checkout. */
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface InstalledPackage {
  readonly folder: string
  /** node_modules/lossmith of the folder. */
  readonly path: string
  readonly files: readonly string[]
  remove(): void
}

export function installPackage(): InstalledPackage {
  const folder = mkdtempSync(join(tmpdir(), 'lossmith-package-'))
  const packed = run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], root)
  const [{ filename, files }] = JSON.parse(packed) as [{ filename: string; files: { path: string }[] }]
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  const path = join(folder, 'node_modules/lossmith')
  mkdirSync(path, { recursive: true })
  run('tar', ['-xzf', join(folder, filename), '--strip-components=1', '-C', path], folder)
  linkDependencies(join(folder, 'node_modules'))
  return { folder, path, files: files.map((file) => file.path), remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** As npm would put them beside the package, and its command, made executable, in .bin. */
function linkDependencies(modules: string): void {
  const own = join(root, 'node_modules')
  for (const name of readdirSync(own)) {
    if (!name.startsWith('.') && !existsSync(join(modules, name))) symlinkSync(join(own, name), join(modules, name))
  }
  mkdirSync(join(modules, '.bin'))
  symlinkSync('../lossmith/dist/scripts/lossmith.js', join(modules, '.bin/lossmith'))
  chmodSync(join(modules, '.bin/lossmith'), 0o755)
}

function run(program: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8', timeout: 60_000 })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed: ${error?.message ?? stderr}`)
  return stdout
}
