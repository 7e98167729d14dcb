import Button from '@cloudscape-design/components/button'
import Box from '@cloudscape-design/components/box'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import Wizard from '@cloudscape-design/components/wizard'
import { useState } from 'react'
import type { Trail } from '../../api/trail-operations.ts'
import { goTo } from '../../shell/place.ts'
import { EventsStep } from './events-step.tsx'
import { GeneralStep } from './general-step.tsx'
import { RefusalAlert } from './refusal-alert.tsx'
import { refusalAdvice } from './refusal-advice.ts'
import { ReviewStep } from './review-step.tsx'
import { selectorFaults } from './selector-faults.ts'
import type { SelectorForm } from './selector-form.ts'
import { TrailBreadcrumbs } from './trail-breadcrumbs.tsx'
import { trailFaults, type TrailForm } from './trail-form.ts'
import { trailHref, trailPath } from './trail-places.ts'
import { useTrailWork } from './use-trail-work.ts'

const stepNames = ['General details', 'Choose events', 'Review'] as const
const stepIndex = { general: 0, events: 1, review: 2 } as const

/** All that a trail has, in AWS's steps. `trail`: it exists and is changed. */
export function TrailWizard({
  trail,
  initial,
  initialSelectors,
  firstStep,
}: {
  readonly trail?: Trail
  readonly initial: TrailForm
  readonly initialSelectors: SelectorForm
  readonly firstStep: number
}) {
  const [before] = useState({ form: initial, selectors: initialSelectors })
  const [form, setForm] = useState(initial)
  const [selectors, setSelectors] = useState(initialSelectors)
  const [active, setActive] = useState(firstStep)
  const [showsFaults, setShowsFaults] = useState(false)
  const work = useTrailWork(trail, before)
  const faults = [trailFaults(form), selectorFaults(selectors), {}] as const
  const mayLeave = (step: number) => Object.keys(faults[step] ?? {}).length === 0
  const goToStep = (wanted: number) => {
    const stuck = [active, ...Array.from({ length: wanted }, (_, index) => index)].find(
      (step) => step < wanted && !mayLeave(step),
    )
    setShowsFaults(stuck !== undefined)
    setActive(stuck ?? wanted)
  }
  const advice = work.error && refusalAdvice(work.error)
  const shown = <Faults,>(own: Faults): Faults | Record<string, never> => (showsFaults ? own : {})
  return (
    <SpaceBetween size="s">
      <TrailBreadcrumbs {...(trail && { arn: trail.TrailARN })} page={trail ? 'Edit' : 'Create trail'} />
      <Wizard
        activeStepIndex={active}
        onNavigate={({ detail }) => goToStep(detail.requestedStepIndex)}
        onCancel={() => (trail ? goTo(trailPath(trail.TrailARN)) : goTo('/trails'))}
        onSubmit={() => void work.start({ form, selectors })}
        isLoadingNextStep={work.step !== undefined}
        submitButtonText={trail ? 'Save changes' : 'Create trail'}
        i18nStrings={{
          stepNumberLabel: (number) => `Step ${number}`,
          collapsedStepsLabel: (number, count) => `Step ${number} of ${count}`,
          navigationAriaLabel: 'Steps',
          cancelButton: 'Cancel',
          previousButton: 'Previous',
          nextButton: 'Next',
        }}
        steps={[
          {
            title: stepNames[0],
            description: trail
              ? 'A trail’s name and home Region stay as they are.'
              : 'A trail delivers the events that it takes to a bucket, as log files of CloudTrail’s form.',
            ...stepError(showsFaults && active === 0 && !mayLeave(0)),
            content: <GeneralStep form={form} faults={shown(faults[0])} isNew={!trail} onChange={setForm} />,
          },
          {
            title: stepNames[1],
            description: 'Which events the trail takes. The event history keeps all of them either way.',
            ...stepError(showsFaults && active === 1 && !mayLeave(1)),
            content: (
              <EventsStep
                form={selectors}
                faults={shown(faults[1])}
                regions={form.isMultiRegion || !trail ? undefined : [trail.HomeRegion]}
                onChange={setSelectors}
              />
            ),
          },
          {
            title: trail ? 'Review and save' : 'Review and create',
            content: (
              <SpaceBetween size="l">
                {work.error && (
                  <RefusalAlert
                    error={work.error}
                    action={
                      <SpaceBetween direction="horizontal" size="xs">
                        {advice && advice.step !== 'review' && (
                          <Button variant="inline-link" onClick={() => setActive(stepIndex[advice.step])}>
                            Go to {stepNames[stepIndex[advice.step]]}
                          </Button>
                        )}
                        {work.createdArn !== undefined && (
                          <Button variant="inline-link" href={trailHref(work.createdArn)}>
                            The trail was made: open it as it is
                          </Button>
                        )}
                      </SpaceBetween>
                    }
                  />
                )}
                <div aria-live="polite">
                  {work.step && <StatusIndicator type="loading">{work.step.name}</StatusIndicator>}
                </div>
                {active === 2 && mayLeave(0) && mayLeave(1) ? (
                  <ReviewStep
                    form={form}
                    selectors={selectors}
                    steps={work.planOf({ form, selectors }).steps}
                    isNew={!trail}
                    onEdit={setActive}
                  />
                ) : (
                  <Box>Finish the steps before.</Box>
                )}
              </SpaceBetween>
            ),
          },
        ]}
      />
    </SpaceBetween>
  )
}

const stepError = (isStuck: boolean) => (isStuck ? { errorText: 'Correct what is marked below.' } : {})
