// In the place of zod's texts in 60 languages (vitest.config.ts).
export {};
