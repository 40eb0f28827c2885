// Original file: proto/lossmith/v1/monitor.proto


export interface PhaseEvent {
  'phase'?: (string);
  'detail'?: (string);
}

export interface PhaseEvent__Output {
  'phase': (string);
  'detail': (string);
}
