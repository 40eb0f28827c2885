// Original file: proto/lossmith/v1/monitor.proto


export interface RankTimes {
  'rank'?: (number);
  'readMs'?: (number | string);
  'computeMs'?: (number | string);
  'exchangeMs'?: (number | string);
  'updateMs'?: (number | string);
  'totalMs'?: (number | string);
  'searchMs'?: (number | string);
  'controllerWaitMs'?: (number | string);
}

export interface RankTimes__Output {
  'rank': (number);
  'readMs': (number);
  'computeMs': (number);
  'exchangeMs': (number);
  'updateMs': (number);
  'totalMs': (number);
  'searchMs': (number);
  'controllerWaitMs': (number);
}
