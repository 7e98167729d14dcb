import type { Random } from '../clock/index.ts'
import { AddTags } from './AddTags.ts'
import { createCreateTrail } from './CreateTrail.ts'
import { DeleteTrail } from './DeleteTrail.ts'
import { DescribeTrails } from './DescribeTrails.ts'
import { GetEventSelectors } from './GetEventSelectors.ts'
import { GetTrail } from './GetTrail.ts'
import { GetTrailStatus } from './GetTrailStatus.ts'
import { ListTags } from './ListTags.ts'
import { ListTrails } from './ListTrails.ts'
import type { Operation } from './operation.ts'
import { PutEventSelectors } from './PutEventSelectors.ts'
import { RemoveTags } from './RemoveTags.ts'
import { StartLogging } from './StartLogging.ts'
import { StopLogging } from './StopLogging.ts'
import { UpdateTrail } from './UpdateTrail.ts'

/** The operations on trails, their selectors and tags. */
export const createTrailOperations = ({ random }: { readonly random: Random }): readonly Operation[] => [
  createCreateTrail(random),
  UpdateTrail,
  DeleteTrail,
  GetTrail,
  DescribeTrails,
  ListTrails,
  GetTrailStatus,
  StartLogging,
  StopLogging,
  PutEventSelectors,
  GetEventSelectors,
  AddTags,
  RemoveTags,
  ListTags,
]
