/** The words of a command line by which a command reaches a coordinator, the same for every command that does. */
import type { Command } from 'commander'
import type { ConnectOptions } from '../common/rpc/credentials.js'
import { readToken, type TokenFlags } from './read-token.js'
import type { Terminal } from './terminal.js'

export interface ConnectFlags extends TokenFlags {
  readonly insecure?: true
  readonly tls?: true
  readonly tlsCa?: string
}

export function addConnectOptions(command: Command): Command {
  return command
    .option('--insecure', 'allow a coordinator beyond loopback without TLS, on a private network')
    .option('--tls', 'speak TLS')
    .option('--tls-ca <file>', 'authority by which the coordinator is known, PEM; with --tls alone: those of the system')
    .option('--token-file <file>', 'the token of the coordinator (default: LOSSMITH_TOKEN of the environment)')
}

/** What the words mean; the address goes with it. @throws config `token-invalid` */
export function connectOptions(flags: ConnectFlags, terminal: Pick<Terminal, 'note'>): Omit<ConnectOptions, 'address'> & { insecure: boolean } {
  const { insecure, tls, tlsCa } = flags
  const secure = tls === true || tlsCa !== undefined
  return {
    insecure: insecure === true,
    ...(secure && { tls: tlsCa === undefined ? {} : { ca: tlsCa } }),
    token: readToken(flags, terminal),
  }
}
