/** Copies a text; says so for two seconds. */
import { useEffect, useState } from 'preact/hooks'

export function CopyButton({ text, what }: { text: string; what: string }) {
  const [said, say] = useState('')
  useEffect(() => {
    if (said === '') return
    const timer = setTimeout(() => say(''), 2000)
    return () => clearTimeout(timer)
  }, [said])
  const copy = () =>
    copyText(text).then(
      () => say('copied'),
      () => say('not allowed'),
    )
  return (
    <button type="button" class="copy-button" aria-label={`Copy ${what}`} onClick={copy}>
      <span aria-live="polite">{said === '' ? 'copy' : said}</span>
    </button>
  )
}

/** The clipboard proper is there on loopback and over TLS only; a dashboard on a private network has the old way. */
async function copyText(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text)
  const area = document.createElement('textarea')
  area.value = text
  document.body.append(area)
  area.select()
  const copied = document.execCommand('copy')
  area.remove()
  if (!copied) throw new Error('copying was refused')
}
