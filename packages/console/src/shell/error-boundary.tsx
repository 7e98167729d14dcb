import { Component, type ReactNode } from 'react'
import { FailureAlert } from './failure-alert.tsx'

/** A page that fails is replaced by what went wrong; everything around it stays. */
export class ErrorBoundary extends Component<{ readonly children: ReactNode }, { readonly error?: Error }> {
  override state: { readonly error?: Error } = {}

  static getDerivedStateFromError(error: unknown) {
    return { error: error instanceof Error ? error : new Error(String(error)) }
  }

  override render() {
    const { error } = this.state
    return error ? <FailureAlert error={error} onRetry={() => location.reload()} /> : this.props.children
  }
}
