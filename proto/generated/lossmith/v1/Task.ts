// Original file: proto/lossmith/v1/training.proto

import type { Wait as _lossmith_v1_Wait, Wait__Output as _lossmith_v1_Wait__Output } from '../../lossmith/v1/Wait.js';
import type { CheckFiles as _lossmith_v1_CheckFiles, CheckFiles__Output as _lossmith_v1_CheckFiles__Output } from '../../lossmith/v1/CheckFiles.js';
import type { IndexFile as _lossmith_v1_IndexFile, IndexFile__Output as _lossmith_v1_IndexFile__Output } from '../../lossmith/v1/IndexFile.js';
import type { CountValues as _lossmith_v1_CountValues, CountValues__Output as _lossmith_v1_CountValues__Output } from '../../lossmith/v1/CountValues.js';
import type { Prepare as _lossmith_v1_Prepare, Prepare__Output as _lossmith_v1_Prepare__Output } from '../../lossmith/v1/Prepare.js';
import type { Connect as _lossmith_v1_Connect, Connect__Output as _lossmith_v1_Connect__Output } from '../../lossmith/v1/Connect.js';
import type { LoadState as _lossmith_v1_LoadState, LoadState__Output as _lossmith_v1_LoadState__Output } from '../../lossmith/v1/LoadState.js';
import type { TrainEpoch as _lossmith_v1_TrainEpoch, TrainEpoch__Output as _lossmith_v1_TrainEpoch__Output } from '../../lossmith/v1/TrainEpoch.js';
import type { Evaluate as _lossmith_v1_Evaluate, Evaluate__Output as _lossmith_v1_Evaluate__Output } from '../../lossmith/v1/Evaluate.js';
import type { SaveState as _lossmith_v1_SaveState, SaveState__Output as _lossmith_v1_SaveState__Output } from '../../lossmith/v1/SaveState.js';
import type { Finish as _lossmith_v1_Finish, Finish__Output as _lossmith_v1_Finish__Output } from '../../lossmith/v1/Finish.js';
import type { Survey as _lossmith_v1_Survey, Survey__Output as _lossmith_v1_Survey__Output } from '../../lossmith/v1/Survey.js';
import type { Long } from '@grpc/proto-loader';

export interface Task {
  'id'?: (number | string | Long);
  'generation'?: (number | string | Long);
  'wait'?: (_lossmith_v1_Wait | null);
  'checkFiles'?: (_lossmith_v1_CheckFiles | null);
  'indexFile'?: (_lossmith_v1_IndexFile | null);
  'countValues'?: (_lossmith_v1_CountValues | null);
  'prepare'?: (_lossmith_v1_Prepare | null);
  'connect'?: (_lossmith_v1_Connect | null);
  'loadState'?: (_lossmith_v1_LoadState | null);
  'trainEpoch'?: (_lossmith_v1_TrainEpoch | null);
  'evaluate'?: (_lossmith_v1_Evaluate | null);
  'saveState'?: (_lossmith_v1_SaveState | null);
  'finish'?: (_lossmith_v1_Finish | null);
  'survey'?: (_lossmith_v1_Survey | null);
  'kind'?: "wait"|"checkFiles"|"indexFile"|"countValues"|"prepare"|"connect"|"loadState"|"trainEpoch"|"evaluate"|"saveState"|"finish"|"survey";
}

export interface Task__Output {
  'id': (number);
  'generation': (number);
  'wait'?: (_lossmith_v1_Wait__Output | null);
  'checkFiles'?: (_lossmith_v1_CheckFiles__Output | null);
  'indexFile'?: (_lossmith_v1_IndexFile__Output | null);
  'countValues'?: (_lossmith_v1_CountValues__Output | null);
  'prepare'?: (_lossmith_v1_Prepare__Output | null);
  'connect'?: (_lossmith_v1_Connect__Output | null);
  'loadState'?: (_lossmith_v1_LoadState__Output | null);
  'trainEpoch'?: (_lossmith_v1_TrainEpoch__Output | null);
  'evaluate'?: (_lossmith_v1_Evaluate__Output | null);
  'saveState'?: (_lossmith_v1_SaveState__Output | null);
  'finish'?: (_lossmith_v1_Finish__Output | null);
  'survey'?: (_lossmith_v1_Survey__Output | null);
  'kind'?: "wait"|"checkFiles"|"indexFile"|"countValues"|"prepare"|"connect"|"loadState"|"trainEpoch"|"evaluate"|"saveState"|"finish"|"survey";
}
