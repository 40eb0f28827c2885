/** The words of a command line by which a coordinator listens, the same for every command that starts one. */
import type { Command } from 'commander'
import { configError } from '../common/errors.js'
import type { TlsFiles } from '../common/rpc/tls-files.js'
import { readToken, type TokenFlags } from './read-token.js'
import type { Terminal } from './terminal.js'

export interface ListenFlags extends TokenFlags {
  readonly listen: string
  readonly insecure?: true
  readonly tlsCert?: string
  readonly tlsKey?: string
}

/** All but --listen, whose default differs. */
export function addListenOptions(command: Command): Command {
  return command
    .option('--insecure', 'allow an address beyond loopback without TLS and without a token, on a private network')
    .option('--tls-cert <file>', 'certificate to listen with, PEM')
    .option('--tls-key <file>', 'its key, PEM')
    .option('--token-file <file>', 'token that everybody must show (default: LOSSMITH_TOKEN of the environment); wanted with TLS beyond loopback')
}

/** What the words mean. @throws config `usage`, `token-invalid` */
export function listenOptions(
  flags: ListenFlags,
  terminal: Pick<Terminal, 'note'>,
): { listen: string; insecure: boolean; tls?: TlsFiles; token: string | undefined } {
  const { listen, insecure, tlsCert, tlsKey } = flags
  if ((tlsCert === undefined) !== (tlsKey === undefined)) throw configError('usage', 'wanted --tls-cert and --tls-key together, got one of them')
  const tls = tlsCert !== undefined && tlsKey !== undefined ? { tls: { cert: tlsCert, key: tlsKey } } : {}
  return { listen, insecure: insecure === true, ...tls, token: readToken(flags, terminal) }
}
