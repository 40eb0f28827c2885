/** The token that a command was given: a file, else the environment. Never an argument: those every user of the machine can read. */
import { checkToken, readTokenFile, tokenVariable } from '../common/rpc/token.js'
import type { Terminal } from './terminal.js'

export interface TokenFlags {
  readonly tokenFile?: string
}

/** Warns of a file that others may read. @throws config `token-invalid` */
export function readToken({ tokenFile }: TokenFlags, terminal: Pick<Terminal, 'note'>): string | undefined {
  if (tokenFile === undefined) {
    const token = process.env[tokenVariable]
    return token === undefined ? undefined : checkToken(token.trim(), tokenVariable)
  }
  const { token, warning: message } = readTokenFile(tokenFile)
  if (message !== undefined) terminal.note(`warn: ${message}`, { event: 'log', level: 'warn', message })
  return token
}
