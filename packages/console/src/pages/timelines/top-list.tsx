import Box from '@cloudscape-design/components/box'
import Link from '@cloudscape-design/components/link'
import { UntrustedText } from '../../text/untrusted-text.tsx'

/** The most frequent values, each with the search behind its number. */
export const TopList = ({
  title,
  values,
  hrefOf,
}: {
  readonly title: string
  readonly values: readonly { readonly value: string; readonly count: number }[]
  readonly hrefOf: (value: string) => string
}) => (
  <section aria-label={title}>
    <Box variant="h3">{title}</Box>
    {values.length === 0 ? (
      <Box color="text-body-secondary">None</Box>
    ) : (
      <ol className="top-list">
        {values.map(({ value, count }) => (
          <li key={value}>
            <Link href={hrefOf(value)}>
              <UntrustedText text={value} max={120} />
            </Link>
            <span>{count.toLocaleString()}</span>
          </li>
        ))}
      </ol>
    )}
  </section>
)
