// Original file: proto/lossmith/v1/training.proto


export interface LoadState {
  'checkpoint'?: (string);
}

export interface LoadState__Output {
  'checkpoint': (string);
}
