/** Asks a coordinator what its run is and where it stands: Monitor.Describe. */
import { unary } from '../common/rpc/call.js'
import { channelOptions } from '../common/rpc/channel-options.js'
import { type ConnectOptions, clientCredentials } from '../common/rpc/credentials.js'
import type { RunDescription__Output as RunDescription } from '../proto/generated/lossmith/v1/RunDescription.js'
import { contracts } from '../proto/load.js'

export async function describeRun(options: ConnectOptions): Promise<RunDescription> {
  const client = new contracts.lossmith.v1.Monitor(options.address, clientCredentials(options), channelOptions(options))
  try {
    return await unary<RunDescription>((call, done) => client.describe({}, call, done), { timeoutMs: 5000, what: `Describe at ${options.address}` })
  } finally {
    client.close()
  }
}
