/**
 * Options of every channel and server, the same on both sides: messages up to 64 MB instead of 4, a flow-control window that lets a
 * checkpoint stream at the speed of the network, pings that notice a peer which is gone without a word, no proxy from the environment.
 */
import type { ChannelOptions, ClientOptions, ServerInterceptor, ServerOptions } from '@grpc/grpc-js'
import { askForToken, type OnRefused, showToken } from './token.js'

export const maxMessageBytes = 64 * 1024 * 1024
/** Data of one chunk in a stream of a tensor or an artifact. */
export const chunkBytes = 1024 * 1024

const shared = {
  'grpc.max_receive_message_length': maxMessageBytes,
  'grpc.max_send_message_length': maxMessageBytes,
  'grpc-node.flow_control_window': 16 * 1024 * 1024,
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
}

export const clientOptions: ChannelOptions = {
  ...shared,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.enable_http_proxy': 0,
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.min_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 2_000,
  // A channel of its own: a closed client must not keep another client's connection, nor the process, alive.
  'grpc.use_local_subchannel_pool': 1,
}

/** For a client that shows `token`, if there is one. */
export function channelOptions({ token }: { token?: string | undefined }): ClientOptions {
  return token === undefined ? clientOptions : { ...clientOptions, interceptors: [showToken(token)] }
}

/**
 * For a server that obeys only who shows `token`, if there is one; health is open to all. `listener` sees every call, also one that is refused;
 * `onRefused` those alone.
 */
export function serverOptions(token?: string, listener?: ServerInterceptor, onRefused?: OnRefused): ServerOptions {
  const interceptors = [...(listener === undefined ? [] : [listener]), ...(token === undefined ? [] : [askForToken(token, onRefused)])]
  return interceptors.length === 0 ? shared : { ...shared, interceptors }
}
