/** The pages' own style: nothing is fetched, and both colour schemes are readable (WCAG 2.2 AA). */
export const pageStyle = `
:root { color-scheme: light dark; --ground: #eef1f5; --card: #fff; --text: #16181d; --soft: #505866;
  --line: #dfe3e9; --inset: #f6f7f9; --accent: #1d4ed8 }
.ok { --accent: #0b6b43; --tint: #e3f5ec }
.failed { --accent: #b3340b; --tint: #fdece5 }
.note { --accent: #1d4ed8; --tint: #e8eefc }
@media (prefers-color-scheme: dark) {
  :root { --ground: #0f1115; --card: #191c22; --text: #f1f3f6; --soft: #b0b7c3; --line: #2d323b;
    --inset: #12151a }
  .ok { --accent: #4cc38a; --tint: #12291f }
  .failed { --accent: #fb923c; --tint: #2f1d12 }
  .note { --accent: #8ab0ff; --tint: #17213a }
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.25rem;
  background: var(--ground); color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "PingFang SC", "Microsoft YaHei",
    "Noto Sans CJK SC", sans-serif }
main { width: min(34rem, 100%); min-width: 0; padding: 2rem; border-radius: 1rem;
  background: var(--card); border: 1px solid var(--line); overflow-wrap: anywhere;
  box-shadow: 0 1px 2px #0000000f, 0 12px 32px #00000014 }
.brand { display: flex; align-items: center; gap: .5rem; margin: 0 0 1.75rem; color: var(--soft);
  font-size: .9rem; font-weight: 600 }
.brand svg { width: 1.75rem; height: 1.25rem }
.sign { display: block; width: 3.25rem; height: 3.25rem; padding: .85rem; margin: 0 0 1.1rem;
  border-radius: 50%; background: var(--tint); color: var(--accent) }
svg { fill: none; stroke: currentColor; stroke-width: 2.5; stroke-linecap: round;
  stroke-linejoin: round }
.label { margin: 0 0 .25rem; color: var(--accent); font-size: .9rem; font-weight: 600 }
h1 { margin: 0 0 .5rem; font-size: 1.5rem; line-height: 1.25; letter-spacing: -.01em }
.lead { margin: 0; color: var(--soft) }
section { margin: 1.5rem 0 0; padding: 1rem 1.1rem; border-radius: .65rem; background: var(--inset);
  border: 1px solid var(--line) }
section + section { margin-top: .75rem }
h2 { margin: 0 0 .4rem; font-size: .9rem; line-height: 1.4 }
ol, ul { margin: 0; padding: 0 0 0 1.25rem }
ul { padding: 0; list-style: none }
li + li { margin-top: .3rem }
section p { margin: .3rem 0 0; color: var(--soft); font-size: .9rem }
.foot { margin: 1.25rem 0 0; color: var(--soft); font-size: .85rem }
@media (max-width: 30rem) { body { padding: .75rem } main { padding: 1.4rem 1.2rem } }
`;
