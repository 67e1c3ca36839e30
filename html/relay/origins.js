// A list of origins, as a person types it.  Pure.

export const originsOf = (text) => text.split(/[\s,]+/).filter(Boolean);
