/** What the command line says of the cluster, as settings of the job. */
import type { Job } from '../common/job/job.js'

export interface ClusterOptions {
  readonly workers?: number | undefined
  readonly device?: Job['cluster']['device'] | undefined
}

export function clusterSettings(options: ClusterOptions): string[] {
  return (['workers', 'device'] as const).flatMap((key) => (options[key] === undefined ? [] : [`cluster.${key}=${options[key]}`]))
}
