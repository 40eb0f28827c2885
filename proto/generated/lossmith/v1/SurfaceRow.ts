// Original file: proto/lossmith/v1/monitor.proto


export interface SurfaceRow {
  'label'?: (number);
  'value'?: (string);
  'weights'?: (number | string)[];
}

export interface SurfaceRow__Output {
  'label': (number);
  'value': (string);
  'weights': (number)[];
}
