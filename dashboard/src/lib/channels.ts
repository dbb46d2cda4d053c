// What it means that a channel speaks against an account (docs/score.md), in a sentence an analyst can pass on.

const meanings: Record<string, string> = {
  breadth: 'opens more of what the model can do than honest accounts of its age',
  topology: 'its requests lie further apart, with larger holes between them',
  geometry: 'its requests spread in more directions at once',
  coherence: 'one request follows the other less, or far more evenly, than with people',
  divergence: 'asks far from what honest accounts ask',
  mixture: 'mixes several kinds of requests: its nearest distances come from more than one population',
  repetition: 'sends near copies of its own requests',
  isolation: 'strange requests stand alone in time, as where extraction hides among ordinary ones',
};

export function meaning(channel: string): string {
  return meanings[channel] ?? 'see docs/score.md';
}
