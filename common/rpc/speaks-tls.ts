/** Says what is wrong when a client in clear text meets a server that speaks TLS: that one hangs up without a word, as one that is down does. */
import { connect as connectTls } from 'node:tls'
import { type LossmithError, refusedError } from '../errors.js'
import { type ConnectOptions, parseAddress } from './credentials.js'
import { asLossmithError } from './status.js'

const probeMs = 2000

/** `error` of a call, or refused `tls-refused` in its place. */
export async function explainHangUp({ address, tls }: ConnectOptions, thrown: unknown): Promise<LossmithError> {
  const error = asLossmithError(thrown)
  if (tls !== undefined || error.code !== 'rpc-unavailable' || !(await speaksTls(address))) return error
  return refusedError('tls-refused', `[tls] wanted a server in clear text at ${address}, got one that speaks TLS: --tls-ca FILE, or --tls`)
}

/** Whether a handshake succeeds, whatever the certificate is worth. */
function speaksTls(address: string): Promise<boolean> {
  const { host, port } = parseAddress(address)
  return new Promise((resolve) => {
    const socket = connectTls({ host, port, ALPNProtocols: ['h2'], rejectUnauthorized: false })
    const answer = (yes: boolean) => {
      socket.destroy()
      resolve(yes)
    }
    socket.setTimeout(probeMs, () => answer(false))
    socket.once('secureConnect', () => answer(true))
    socket.once('error', () => answer(false))
    socket.once('close', () => answer(false))
  })
}
