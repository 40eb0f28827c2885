/** A row of exclusive choices, as small as a heading allows. */
export interface ChoiceProps<T extends string> {
  label: string
  value: T
  choices: readonly (readonly [value: T, name: string])[]
  onChange: (value: T) => void
}

export function Choice<T extends string>({ label, value, choices, onChange }: ChoiceProps<T>) {
  return (
    <fieldset class="choice">
      <legend class="hidden">{label}</legend>
      {choices.map(([one, name]) => (
        <button type="button" key={one} aria-pressed={one === value} onClick={() => onChange(one)}>
          {name}
        </button>
      ))}
    </fieldset>
  )
}
