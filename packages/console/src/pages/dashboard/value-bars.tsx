import Link from '@cloudscape-design/components/link'
import { UntrustedText } from '../../text/untrusted-text.tsx'

/** The most frequent values with bars that compare them; the numbers are text. */
export function ValueBars({
  label,
  values,
  hrefOf,
  nameHrefOf,
}: {
  readonly label: string
  readonly values: readonly { readonly value: string; readonly count: number }[]
  readonly hrefOf: (value: string) => string
  /** What is known of the value itself. */
  readonly nameHrefOf?: ((value: string) => string) | undefined
}) {
  const most = Math.max(1, ...values.map(({ count }) => count))
  return (
    <ol className="values" aria-label={label}>
      {values.map(({ value, count }) => (
        <li key={value}>
          <svg aria-hidden viewBox="0 0 100 1" preserveAspectRatio="none">
            <rect width={(100 * count) / most} height={1} />
          </svg>
          <span>
            {nameHrefOf ? (
              <Link href={nameHrefOf(value)}>
                <UntrustedText text={value} max={100} />
              </Link>
            ) : (
              <UntrustedText text={value} max={100} />
            )}
          </span>
          <span>
            <Link href={hrefOf(value)} ariaLabel={`${count.toLocaleString()} events of ${value}`}>
              {count.toLocaleString()}
            </Link>
          </span>
        </li>
      ))}
    </ol>
  )
}
