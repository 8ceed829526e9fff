/* units.js - durations and sizes as people write them: '5m', '1h30m', '64MB'. */
const MILLISECONDS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const BYTES = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 };

/* Milliseconds. A number is taken as milliseconds. */
export function parseDuration(value, what){
    const ms = typeof value == 'string' ? durationOf(value) : value;
    if(!Number.isSafeInteger(ms) || ms <= 0){
        throw new Error(`${what} must be a duration such as '30s', '5m' or '1h30m', or a number ` +
            `of milliseconds above 0; it is ${show(value)}`);
    }
    return ms;
}

function durationOf(text){
    if(!/^(\s*\d+(\.\d+)?\s*(ms|[smhdw]))+\s*$/.test(text)) return NaN;
    const parts = [...text.matchAll(/(\d+(?:\.\d+)?)\s*(ms|[smhdw])/g)];
    return Math.round(parts.reduce((sum, [, n, unit]) => sum + n * MILLISECONDS[unit], 0));
}

/* Bytes; a KB is 1024 of them. A number is taken as bytes. */
export function parseBytes(value, what){
    const bytes = typeof value == 'string' ? bytesOf(value) : value;
    if(!Number.isSafeInteger(bytes) || bytes <= 0){
        throw new Error(`${what} must be a size such as '64MB', or a number of bytes above 0; ` +
            `it is ${show(value)}`);
    }
    return bytes;
}

function bytesOf(text){
    const match = /^\s*(\d+(?:\.\d+)?)\s*([KMG]?B)\s*$/i.exec(text);
    return match ? Math.round(match[1] * BYTES[match[2].toUpperCase()]) : NaN;
}

function show(value){
    return typeof value == 'string' ? JSON.stringify(value) : String(value);
}
