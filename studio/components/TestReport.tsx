import type { TestResult } from 'data/connections'

const milliseconds = (ms: number) => `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`

export function TestReport({ result }: { result: TestResult }) {
  const { success, latency_ms, version, error, steps, warnings = [] } = result
  return (
    <>
      {success ? (
        <p className="success">
          Connected in {milliseconds(latency_ms)}
          {version && `, version ${version}`}
        </p>
      ) : (
        <p className="error">{error ?? 'The test failed.'}</p>
      )}
      <ol className="steps">
        {steps.map(({ name, ok, ms, message }) => (
          <li key={name} className={ok ? 'success' : 'error'}>
            <span aria-hidden>{ok ? '✓' : '✗'}</span> {name}:{' '}
            {ok ? 'ok' : success ? 'no' : 'failed'}, {milliseconds(ms)}
            {message && <span className="muted"> ({message})</span>}
          </li>
        ))}
      </ol>
      {warnings.map((warning) => (
        <p key={warning} className="muted">
          Note: {warning}
        </p>
      ))}
    </>
  )
}
