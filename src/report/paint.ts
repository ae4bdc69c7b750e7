/** Colours repeat what the words say. */
export interface Paint {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly unsure: (text: string) => string;
  readonly heading: (text: string) => string;
}
