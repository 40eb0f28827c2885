// Original file: proto/lossmith/v1/training.proto

import type { Gpu as _lossmith_v1_Gpu, Gpu__Output as _lossmith_v1_Gpu__Output } from '../../lossmith/v1/Gpu.js';
import type { Long } from '@grpc/proto-loader';

export interface JoinRequest {
  'host'?: (string);
  'pid'?: (number);
  'version'?: (string);
  'cpuClass'?: (string);
  'threads'?: (number);
  'device'?: (string);
  'name'?: (string);
  'gpus'?: (_lossmith_v1_Gpu)[];
  'noGpu'?: (string);
  'memoryBytes'?: (number | string | Long);
}

export interface JoinRequest__Output {
  'host': (string);
  'pid': (number);
  'version': (string);
  'cpuClass': (string);
  'threads': (number);
  'device': (string);
  'name': (string);
  'gpus': (_lossmith_v1_Gpu__Output)[];
  'noGpu': (string);
  'memoryBytes': (number);
}
