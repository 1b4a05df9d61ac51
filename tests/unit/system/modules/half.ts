// A module whose handler is none.

export const handler = { intent: "send" };
