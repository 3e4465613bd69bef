import { z } from 'zod';
import { phantomSetSchema } from '../phantomOptions.js';
import { GAP_MM, GLASS_HU, SOLID_HU } from '../placeNodules.js';

const range = (least: number, most: number) =>
  z
    .tuple([z.number().min(least).max(most), z.number().min(least).max(most)])
    .refine(([low, high]) => low <= high, 'the first number must not be above the second');

/** Options that only inserting has. */
const nodules = {
  diameter: range(3, 40).optional().describe('smallest and largest diameter in mm; default: those of the level'),
  kind: z
    .enum(['mix', 'solid', 'part-solid', 'ground-glass'])
    .default('mix')
    .describe('kind of every nodule; mix: shares of the level'),
  attachment: z
    .enum(['mix', 'isolated', 'juxtavascular', 'juxtapleural'])
    .default('mix')
    .describe('place of every nodule: in the lung, beside a vessel, at the chest wall; mix: shares of the level'),
  shape: z
    .enum(['mix', 'round', 'lobulated', 'spiculated'])
    .default('mix')
    .describe('shape of every nodule; mix: half lobulated, the others round or spiculated'),
  solidHu: range(-400, 1500)
    .default([...SOLID_HU])
    .describe('lowest and highest density of solid nodules and cores in HU'),
  glassHu: range(-800, -200)
    .default([...GLASS_HU])
    .describe('lowest and highest density of ground glass in HU'),
  // Set so that mean and spread of density inside are close to those of real nodules.
  pocketHu: range(0, 400)
    .default([20, 160])
    .describe('least and most depth of darker pockets in solid tissue in HU; 0,0: even density'),
  gap: z.number().min(0).max(200).default(GAP_MM).describe('smallest distance between two nodules in mm'),
};

const { seed, level, nodules: number } = phantomSetSchema.shape;

/** Options of `insertNodules`. */
export const insertSchema = z.strictObject({ seed, level, nodules: number, ...nodules });

/** Options of `insertIntoScans` and of `nodule-train synth --into`. */
export const insertSetSchema = z.strictObject({
  ...insertSchema.shape,
  count: z.int().positive().max(1e5).default(1).describe('number of versions of each scan'),
  threads: phantomSetSchema.shape.threads,
  annotations: z
    .string()
    .min(1)
    .optional()
    .describe("list of the scans' own nodules: kept free, and written as excluded findings"),
  avoid: z.string().min(1).optional().describe("mask of the scan's own nodules, treated the same way"),
  series: z.string().min(1).optional().describe('UID of the series to read from a DICOM folder with several'),
  intensity: z.enum(['hu', 'arbitrary']).optional().describe('voxel unit of the scans, if the files do not record it'),
});

export type InsertOptions = z.input<typeof insertSchema>;
export type InsertSetOptions = z.input<typeof insertSetSchema>;
