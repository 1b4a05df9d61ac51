// A module without handlers.

export const other = 1;
