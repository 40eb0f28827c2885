// Original file: proto/lossmith/v1/training.proto


export interface JoinRequest {
  'host'?: (string);
  'pid'?: (number);
  'version'?: (string);
  'cpuClass'?: (string);
  'threads'?: (number);
  'device'?: (string);
  'name'?: (string);
}

export interface JoinRequest__Output {
  'host': (string);
  'pid': (number);
  'version': (string);
  'cpuClass': (string);
  'threads': (number);
  'device': (string);
  'name': (string);
}
