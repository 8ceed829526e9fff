/* late.js - modules that other modules reach only while a run is under way, and which themselves
 * import those: named here and filled in by entry.js before the project is loaded. */
export const late = {};
