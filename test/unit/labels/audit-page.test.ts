import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { decode } from 'fast-png';
import { beforeAll, describe, expect, it } from 'vitest';
import { type AuditCounts, auditPage, collectAudits, writeAudit } from '../../../dist/labels/index.js';
import { synthesize } from '../../../dist/phantom/index.js';
import { cleanScan, plants } from '../../support/plantedFaults.mjs';
import { scratchFolder } from '../../support/scratch.js';

describe('the audit page', () => {
  const phantom = synthesize({ seed: 2, size: [48, 128, 128], spacing: [2.6, 2.6, 3.2], level: 'hard' });
  const dir = scratchFolder('audit');
  let counts: AuditCounts;
  let page: string;
  beforeAll(async () => {
    const collector = collectAudits(2);
    const plain = cleanScan(phantom, 'exact');
    collector.add({ ...plain, volume: { ...plain.volume, uid: '<b>&"clean"' } });
    collector.add(plants.duplicate(phantom, 0));
    collector.add(plants.empty(phantom, 1));
    collector.add(plants['outside-volume'](phantom, 0));
    counts = await writeAudit(dir, collector.audits());
    page = await readFile(path.join(dir, 'audit.html'), 'utf8');
  });

  it('counts the flags, as audit.json does', async () => {
    expect(counts).toMatchObject({ scans: 4, flaggedNodules: 3, errors: 2, warnings: 1 });
    expect(counts.byCheck).toMatchObject({ duplicate: 1, empty: 1, 'outside-volume': 1, border: 0 });
    const json = JSON.parse(await readFile(path.join(dir, 'audit.json'), 'utf8'));
    expect(json).toMatchObject({ format: 'nodule-train-audit', version: 1, counts });
    expect(json.scans).toHaveLength(4);
  });
  it('is self-contained, has no script, and escapes names', () => {
    expect(page).not.toMatch(/<script|https?:|<link|url\(/i);
    expect(page).not.toContain('<b>&"clean"');
    expect(page).toContain('&#60;b&#62;&#38;&#34;clean&#34;');
  });
  it('shows the worst nodules first, with pictures of as many as requested', () => {
    const cards = [...page.matchAll(/<section.*?<.section>/gs)].map(([card]) => card);
    expect(cards).toHaveLength(3);
    expect(cards.map((card) => /"error">/.test(card))).toEqual([true, true, false]);
    expect(cards.map((card) => card.match(/<img /g)?.length ?? 0)).toEqual([3, 3, 0]);
    expect(page).toContain('Without pictures: 1.');
  });
  it('draws the edges of mask and lungs in its pictures', () => {
    const [, , edges] = [...page.matchAll(/base64,([^"]+)"/g)].map(([, text]) => decode(Buffer.from(text!, 'base64')));
    expect([edges!.width, edges!.height]).toEqual([280, 280]);
    const colours = new Set<string>();
    for (let at = 0; at < edges!.data.length; at += 3) colours.add([...edges!.data.slice(at, at + 3)].join());
    expect(colours.has('0,190,190')).toBe(true);
    expect(colours.has('255,60,110')).toBe(true);
  });
  it('says so if nothing is flagged', () => {
    expect(auditPage({ scans: [], findings: [] })).toContain('None.');
  });
});
