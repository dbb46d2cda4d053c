// Keys, alone ("/") or one after the other ("g o"). Nothing happens while somebody types, or with Ctrl, Alt or Meta.

const waitMs = 1200;

export class Keys {
  private before = '';
  private at = 0;

  constructor(private readonly actions: Record<string, () => void>) {}

  press(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented || typing(event.target)) return;
    const pair = event.timeStamp - this.at < waitMs ? `${this.before} ${event.key}` : '';
    const action = this.actions[pair] ?? this.actions[event.key];
    this.before = action ? '' : event.key;
    this.at = event.timeStamp;
    if (!action) return;
    event.preventDefault();
    action();
  }
}

function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}
