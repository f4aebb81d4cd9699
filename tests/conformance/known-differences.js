// Cases in which ours is known to differ from the browser's own class, with the reason. Each entry is checked
// to differ still, so that the list can only name what is true.
//
// 'concept: name of the case': 'why it differs and why that is acceptable',
export const knownDifferences = {};
