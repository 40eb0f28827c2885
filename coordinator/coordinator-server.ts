/** The gRPC server of a coordinator: Training and Monitor, health, reflection; where it listens and how it ends. */
import { Server, type ServerCredentials } from '@grpc/grpc-js'
import { ReflectionService } from '@grpc/reflection'
import { HealthImplementation } from 'grpc-health-check'
import { configError } from '../common/errors.js'
import type { Log } from '../common/log.js'
import { serverOptions } from '../common/rpc/channel-options.js'
import { parseAddress } from '../common/rpc/credentials.js'
import type { MonitorHandlers } from '../proto/generated/lossmith/v1/Monitor.js'
import type { TrainingHandlers } from '../proto/generated/lossmith/v1/Training.js'
import { contracts, definition } from '../proto/load.js'
import { logRequests } from './log-requests.js'
import { tellRefused } from './refused-callers.js'

interface Services {
  readonly training: TrainingHandlers
  readonly monitor: MonitorHandlers
}

interface Told {
  readonly log: Log | undefined
  readonly warn: (message: string) => void
}

export class CoordinatorServer {
  private readonly server: Server
  private readonly health: HealthImplementation

  constructor(token: string | undefined, { training, monitor }: Services, { log, warn }: Told) {
    this.server = new Server(serverOptions(token, log && logRequests(log), tellRefused(warn)))
    this.server.addService(contracts.lossmith.v1.Training.service, training)
    this.server.addService(contracts.lossmith.v1.Monitor.service, monitor)
    this.health = new HealthImplementation(Object.fromEntries(serviceNames.map((name) => [name, 'SERVING'])))
    this.health.addToServer(this.server)
    new ReflectionService(definition).addToServer(this.server)
  }

  /** Where it listens, with the port it got. @throws config `port-in-use`, `cannot-listen` */
  async listen(address: string, credentials: ServerCredentials): Promise<string> {
    const { host } = parseAddress(address)
    const port = await new Promise<number>((resolve, reject) =>
      this.server.bindAsync(address, credentials, (error, port) => {
        if (error === null) return resolve(port)
        const busy = error.message.includes('EADDRINUSE')
        reject(
          configError(
            busy ? 'port-in-use' : 'cannot-listen',
            `[listen] wanted to listen on ${address}, got ${busy ? 'a port in use by another process' : error.message}`,
          ),
        )
      }),
    )
    return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  }

  /** What health says once the run has ended. */
  notServing(): void {
    for (const name of serviceNames) this.health.setStatus(name, 'NOT_SERVING')
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.server.forceShutdown()
        resolve()
      }, shutDownMs)
      this.server.tryShutdown(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
}

const serviceNames = ['', 'lossmith.v1.Training', 'lossmith.v1.Monitor']
const shutDownMs = 500
