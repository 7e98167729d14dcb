import type { TrailOperation, TrailSelectors, TrailSettings } from '../../api/trail-operations.ts'
import type { Delivery } from './bucket-policy.ts'
import { withCloudTrail } from './bucket-policy.ts'

/** One call that the wizard makes at its end. `id` stays the same as long as what it does does. */
export interface WorkStep {
  readonly id: string
  /** For people: `Create the bucket logs`. */
  readonly name: string
  run(ports: WorkPorts): Promise<unknown>
}

export interface WorkPorts {
  createBucket(bucket: string): Promise<void>
  getBucketPolicy(bucket: string): Promise<string | undefined>
  putBucketPolicy(bucket: string, policy: string): Promise<void>
  trails(operation: TrailOperation, input: object): Promise<unknown>
}

export interface Work {
  readonly trailArn: string
  readonly delivery: Delivery
  readonly bucket: 'create' | 'extend-policy' | 'leave'
  /** Undefined: no setting differs. */
  readonly settings?: { readonly operation: 'CreateTrail' | 'UpdateTrail'; readonly input: TrailSettings }
  readonly selectors?: TrailSelectors
  readonly startsLogging: boolean
}

/** What has to be done, in an order in which each step can rely on those before it. */
export function planWork(work: Work): WorkStep[] {
  const { trailArn, delivery, settings, selectors } = work
  const { bucket } = delivery
  const steps: WorkStep[] = []
  if (work.bucket === 'create')
    steps.push({
      id: `bucket ${bucket}`,
      name: `Create the bucket ${bucket}`,
      run: (ports) => ports.createBucket(bucket),
    })
  if (work.bucket !== 'leave')
    steps.push({
      id: `policy ${JSON.stringify(delivery)}`,
      name: `Let CloudTrail write to ${bucket}`,
      run: async (ports) => {
        const existing = work.bucket === 'create' ? undefined : await ports.getBucketPolicy(bucket)
        await ports.putBucketPolicy(bucket, withCloudTrail(existing, delivery))
      },
    })
  if (settings) {
    const { operation, input } = settings
    const name = operation === 'CreateTrail' ? 'Create the trail' : 'Change the settings'
    steps.push({ id: `${operation} ${JSON.stringify(input)}`, name, run: (ports) => ports.trails(operation, input) })
  }
  if (selectors) {
    const input = { TrailName: trailArn, ...selectors }
    const id = `PutEventSelectors ${JSON.stringify(input)}`
    steps.push({ id, name: 'Choose the events', run: (ports) => ports.trails('PutEventSelectors', input) })
  }
  if (work.startsLogging)
    steps.push({
      id: `StartLogging ${trailArn}`,
      name: 'Start logging',
      run: (ports) => ports.trails('StartLogging', { Name: trailArn }),
    })
  return steps
}

/**
 * Does the steps that were not done before, one after the other; adds each to `done` as soon as it is. Called again after a failure it goes
 * on where it was. @throws what the step that fails throws
 */
export async function doWork(
  steps: readonly WorkStep[],
  done: Set<string>,
  ports: WorkPorts,
  onStep: (step: WorkStep) => void,
): Promise<void> {
  for (const step of steps) {
    if (done.has(step.id)) continue
    onStep(step)
    await step.run(ports)
    done.add(step.id)
  }
}

/** Whether a trail was made by what was done, so that it is changed from now on. */
export const hasCreated = (done: ReadonlySet<string>): boolean => [...done].some((id) => id.startsWith('CreateTrail '))
