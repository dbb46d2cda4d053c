// Dark or light: as the system has it until somebody chooses. Pictures are drawn again when it changes.

const themeKey = 'cms.theme';
export type Theme = 'light' | 'dark';

const system = matchMedia('(prefers-color-scheme: dark)');

class Appearance {
  chosen = $state<Theme | null>(null);
  dark = $state(system.matches);

  constructor() {
    const kept = localStorage.getItem(themeKey);
    if (kept === 'light' || kept === 'dark') this.choose(kept);
    system.addEventListener('change', () => (this.dark = system.matches));
  }

  get theme(): Theme {
    return this.chosen ?? (this.dark ? 'dark' : 'light');
  }

  choose(theme: Theme): void {
    this.chosen = theme;
    document.documentElement.dataset.theme = theme;
    localStorage.setItem(themeKey, theme);
  }

  toggle(): void {
    this.choose(this.theme === 'dark' ? 'light' : 'dark');
  }
}

export const appearance = new Appearance();

/** The colour that a variable of app.css stands for now, as a canvas takes it. Cost: one style computation. */
export function colour(variable: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(--${variable})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}
