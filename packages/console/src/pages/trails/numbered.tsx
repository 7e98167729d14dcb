import Button from '@cloudscape-design/components/button'
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { ReactNode } from 'react'

/** One of several parts of a form, which can be taken away. */
export const Numbered = ({
  name,
  onRemove,
  children,
}: {
  readonly name: string
  readonly onRemove: () => void
  readonly children: ReactNode
}) => (
  <section aria-label={name} className="numbered">
    <SpaceBetween size="m">
      <Header
        variant="h3"
        actions={
          <Button variant="normal" ariaLabel={`Remove ${name}`} onClick={onRemove}>
            Remove
          </Button>
        }
      >
        {name}
      </Header>
      {children}
    </SpaceBetween>
  </section>
)
