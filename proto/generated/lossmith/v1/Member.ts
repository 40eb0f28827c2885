// Original file: proto/lossmith/v1/monitor.proto

import type { Long } from '@grpc/proto-loader';

export interface Member {
  'member'?: (string);
  'host'?: (string);
  'pid'?: (number);
  'rank'?: (number);
  'device'?: (string);
  'threads'?: (number);
  'firstLane'?: (number);
  'laneCount'?: (number);
  'heartbeatAgeMs'?: (number | string | Long);
  'cpuClass'?: (string);
}

export interface Member__Output {
  'member': (string);
  'host': (string);
  'pid': (number);
  'rank': (number);
  'device': (string);
  'threads': (number);
  'firstLane': (number);
  'laneCount': (number);
  'heartbeatAgeMs': (number);
  'cpuClass': (string);
}
