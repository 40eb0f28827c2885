// Original file: proto/lossmith/v1/training.proto


export interface Prepared {
  'address'?: (Buffer | Uint8Array | string);
}

export interface Prepared__Output {
  'address': (Buffer);
}
