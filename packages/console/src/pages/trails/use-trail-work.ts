import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { createBucket, getBucketPolicy, putBucketPolicy } from '../../api/buckets.ts'
import { callTrails, type Trail } from '../../api/trail-operations.ts'
import { goTo } from '../../shell/place.ts'
import { useSession } from '../../shell/session.tsx'
import { keyFolder, trailArn } from './bucket-policy.ts'
import type { SelectorForm } from './selector-form.ts'
import { createInput, updateInput, type TrailForm } from './trail-form.ts'
import { trailPath } from './trail-places.ts'
import { doWork, hasCreated, planWork, type Work, type WorkPorts, type WorkStep } from './trail-work.ts'
import { forgetTrails } from './use-trails.ts'
import { writeSelectors } from './write-selectors.ts'

export interface WizardForms {
  readonly form: TrailForm
  readonly selectors: SelectorForm
}

/** Does what the wizard has gathered, tells how far it is, and goes on where it was after a failure. */
export function useTrailWork(trail: Trail | undefined, before: WizardForms) {
  const { client, session } = useSession()
  const queries = useQueryClient()
  const done = useRef(new Set<string>())
  const created = useRef<TrailForm>(undefined)
  const [step, setStep] = useState<WorkStep>()
  const [error, setError] = useState<Error>()
  const region = trail?.HomeRegion ?? session.region
  const ports: WorkPorts = {
    createBucket: (bucket) => createBucket(client, bucket, region),
    getBucketPolicy: (bucket) => getBucketPolicy(client, bucket),
    putBucketPolicy: (bucket, policy) => putBucketPolicy(client, bucket, policy),
    trails: (operation, input) => callTrails(client, operation, input as never, { region }),
  }
  const planOf = ({ form, selectors }: WizardForms) => {
    const { account } = session.principal
    const arn = trail?.TrailARN ?? trailArn(region, account, form.name)
    // A second try after the trail was made changes it.
    const base = trail ? before.form : created.current
    const input = base ? updateInput(arn, base, form) : createInput(form)
    const hasOtherEvents = JSON.stringify(selectors) !== JSON.stringify(before.selectors)
    const work: Work = {
      trailArn: arn,
      delivery: { bucket: form.bucket, prefix: keyFolder(form.prefix), account, trailArn: arn },
      bucket: form.bucketChoice === 'new' ? 'create' : form.extendsPolicy ? 'extend-policy' : 'leave',
      ...(input && { settings: { operation: base ? 'UpdateTrail' : 'CreateTrail', input } }),
      ...(hasOtherEvents && { selectors: writeSelectors(selectors) }),
      startsLogging: form.startsLogging && !trail,
    }
    return { arn, steps: planWork(work) }
  }
  const start = async (forms: WizardForms) => {
    const { arn, steps } = planOf(forms)
    setError(undefined)
    try {
      await doWork(steps, done.current, ports, setStep)
      goTo(trailPath(arn))
    } catch (cause) {
      setError(cause instanceof Error ? cause : new Error(String(cause)))
    } finally {
      if (!trail && !created.current && hasCreated(done.current)) created.current = forms.form
      setStep(undefined)
      await forgetTrails(queries)
    }
  }
  return {
    start,
    /** What is being done now. */
    step,
    error,
    /** It is there, though something after it failed. */
    createdArn: created.current && trailArn(region, session.principal.account, created.current.name),
    planOf,
  }
}
