/** Text that is already HTML; {@link html} escapes everything else. */
export class Html {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }
}

/** @param {unknown} value */
const escaped = (value) => String(value).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

/**
 * Template tag that escapes its parts unless they are {@link Html} (or lists of it), so that no name or text from a
 * file becomes markup.
 * @param {TemplateStringsArray} texts
 * @param {readonly (string | number | Html | readonly Html[])[]} parts
 */
export function html(texts, ...parts) {
  const textOf = (/** @type {string | number | Html | readonly Html[] | undefined} */ part) => {
    if (part instanceof Html) return part.text;
    return typeof part === 'object' ? part.map(({ text }) => text).join('') : escaped(part);
  };
  return new Html(texts.reduce((all, text, n) => all + textOf(parts[n - 1]) + text));
}

const STYLE = `:root{color-scheme:light dark;--ink:#1b1f24;--soft:#5c6670;--line:#d5dbe1;--back:#f6f7f9;--card:#fff;--error:#b3261e;--warning:#8a5a00}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#9aa5b1;--line:#353c44;--back:#14171a;--card:#1d2125;--error:#ff8a80;--warning:#ffc663}}
*{box-sizing:border-box}body{margin:0 auto;padding:1rem;max-width:76rem;background:var(--back);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.5rem;margin:.5rem 0}h2{font-size:1.15rem;margin:2rem 0 .5rem}h3{font-size:1rem;margin:0}h3 span{font-weight:400}
.soft{color:var(--soft)}.error{color:var(--error)}.warning{color:var(--warning)}
.counts{display:flex;flex-wrap:wrap;gap:.75rem}.counts div{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.5rem 1rem}
.counts b{display:block;font-size:1.4rem;line-height:1.3}
.card{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.9rem;margin:.9rem 0}.card ul{margin:.4rem 0;padding-left:1.2rem}
.uid{font:12px/1.4 ui-monospace,monospace;color:var(--soft);overflow-wrap:anywhere}
.pictures{display:flex;flex-wrap:wrap;gap:.6rem;margin-top:.6rem}figure{margin:0;flex:1 1 8rem;max-width:280px}
img{display:block;width:100%;max-height:280px;object-fit:contain;background:#181818;border-radius:.25rem}figcaption{font-size:12px;color:var(--soft)}
.wide{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:.5rem}table{border-collapse:collapse;width:100%;font-size:13px}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}td.number,th.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
tr:last-child td{border-bottom:0}`;

/**
 * Returns a self-contained page without scripts, in the project's light and dark style.
 * @param {string} title
 * @param {Html} body
 * @param {string} [ownStyle] further CSS for this page
 */
export function htmlPage(title, body, ownStyle = '') {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title>
<style>${new Html(STYLE + (ownStyle === '' ? '' : `\n${ownStyle}`))}</style></head><body>
${body}
</body></html>
`.text;
}

/**
 * Returns a picture with its caption.
 * @param {Uint8Array} png
 * @param {string} caption
 * @param {string} [alt] alternative text, where the caption is not enough
 */
export function figure(png, caption, alt = caption) {
  return html`<figure><img alt="${alt}" src="data:image/png;base64,${Buffer.from(png).toString('base64')}"><figcaption>${caption}</figcaption></figure>`;
}
