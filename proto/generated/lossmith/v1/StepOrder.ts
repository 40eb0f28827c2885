// Original file: proto/lossmith/v1/training.proto


export interface StepOrder {
  'yield'?: (boolean);
  'reason'?: (string);
}

export interface StepOrder__Output {
  'yield': (boolean);
  'reason': (string);
}
