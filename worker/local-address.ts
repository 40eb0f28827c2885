/** The address of this machine from which the coordinator is reached: the other workers reach us there too. Sends nothing. */
import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { configError } from '../common/errors.js'
import { parseAddress } from '../common/rpc/credentials.js'

/** @throws config `address-unreachable` */
export async function localAddress(coordinator: string): Promise<string> {
  const { host, port } = parseAddress(coordinator)
  try {
    const { address, family } = await lookup(host)
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
    try {
      // Connecting a datagram socket only asks the routing table.
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject)
        socket.connect(port, address, resolve)
      })
      return socket.address().address
    } finally {
      socket.close()
    }
  } catch (error) {
    throw configError('address-unreachable', `[address] wanted a way to the coordinator at ${coordinator}, got ${(error as Error).message}`)
  }
}
