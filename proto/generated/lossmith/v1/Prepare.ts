// Original file: proto/lossmith/v1/training.proto

import type { DataSource as _lossmith_v1_DataSource, DataSource__Output as _lossmith_v1_DataSource__Output } from '../../lossmith/v1/DataSource.js';
import type { Long } from '@grpc/proto-loader';

export interface Prepare {
  'rank'?: (number);
  'world'?: (number);
  'lanes'?: (number);
  'firstLane'?: (number);
  'laneCount'?: (number);
  'seed'?: (number | string | Long);
  'laneBatch'?: (number | string | Long);
  'planArtifact'?: (string);
  'planSha256'?: (string);
  'source'?: (_lossmith_v1_DataSource | null);
  'determinism'?: (boolean);
  'shuffleRows'?: (number | string | Long);
  'device'?: (string);
  'gpu'?: (number);
  'precision'?: (string);
  'exchange'?: (string);
  'gpuBytes'?: (number | string | Long);
}

export interface Prepare__Output {
  'rank': (number);
  'world': (number);
  'lanes': (number);
  'firstLane': (number);
  'laneCount': (number);
  'seed': (number);
  'laneBatch': (number);
  'planArtifact': (string);
  'planSha256': (string);
  'source': (_lossmith_v1_DataSource__Output | null);
  'determinism': (boolean);
  'shuffleRows': (number);
  'device': (string);
  'gpu': (number);
  'precision': (string);
  'exchange': (string);
  'gpuBytes': (number);
}
