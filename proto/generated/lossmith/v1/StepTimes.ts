// Original file: proto/lossmith/v1/training.proto


export interface StepTimes {
  'readMs'?: (number | string);
  'computeMs'?: (number | string);
  'exchangeMs'?: (number | string);
  'updateMs'?: (number | string);
  'totalMs'?: (number | string);
  'searchMs'?: (number | string);
  'controllerWaitMs'?: (number | string);
}

export interface StepTimes__Output {
  'readMs': (number);
  'computeMs': (number);
  'exchangeMs': (number);
  'updateMs': (number);
  'totalMs': (number);
  'searchMs': (number);
  'controllerWaitMs': (number);
}
