// Original file: proto/lossmith/v1/training.proto


export interface Connect {
  'addresses'?: (Buffer | Uint8Array | string)[];
  'firstLanes'?: (number)[];
  'timeoutMs'?: (number);
}

export interface Connect__Output {
  'addresses': (Buffer)[];
  'firstLanes': (number)[];
  'timeoutMs': (number);
}
