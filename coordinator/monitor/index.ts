/** `lossmith/monitor`: a run as programs see it, over gRPC or from its directory. */
export { directoryMonitor } from './directory-monitor.js'
export * from './monitor-client.js'
