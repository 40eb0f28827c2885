// Original file: proto/lossmith/v1/monitor.proto

import type { FileProgress as _lossmith_v1_FileProgress, FileProgress__Output as _lossmith_v1_FileProgress__Output } from '../../lossmith/v1/FileProgress.js';
import type { LaneProgress as _lossmith_v1_LaneProgress, LaneProgress__Output as _lossmith_v1_LaneProgress__Output } from '../../lossmith/v1/LaneProgress.js';
import type { Long } from '@grpc/proto-loader';

export interface ProgressReply {
  'epoch'?: (number | string | Long);
  'files'?: (_lossmith_v1_FileProgress)[];
  'lanes'?: (_lossmith_v1_LaneProgress)[];
}

export interface ProgressReply__Output {
  'epoch': (number);
  'files': (_lossmith_v1_FileProgress__Output)[];
  'lanes': (_lossmith_v1_LaneProgress__Output)[];
}
