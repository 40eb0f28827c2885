/** A number of the job as resolved, by its key: the first that stands under this name. The page has no YAML parser; the coordinator writes a key a line. */
export function jobNumber(jobYaml: string | undefined, key: string): number | undefined {
  const text = jobYaml?.match(new RegExp(`^\\s*${key}: ([-+.\\deE]+)\\s*$`, 'm'))?.[1]
  return text === undefined ? undefined : Number(text)
}
