// console.js - console as Node has it: log, info and debug write to stdout, warn and error to
// stderr.
//
// What console keeps (indentation of groups, counters, stopwatches) is in the heap, so a run starts
// with none of them whatever earlier runs did.
import { print } from 'pinstripe:native/engine';
import { now, printPlain } from 'pinstripe:native/platform';
import { formatWithOptions, inspect, widthOf } from 'pinstripe:inspect';
import { kindOf } from 'pinstripe:kind';

const STDOUT = 1;
const STDERR = 2;

let indentation = '';
const counters = new Map();
const stopwatches = new Map();

const writeText = (stream, text) => {
    const indented = indentation === '' ? text
        : `${indentation}${text.replaceAll('\n', `\n${indentation}`)}`;
    print(stream, `${indented}\n`.toWellFormed());
};

const write = (stream, args) => {
    if (indentation !== '' || !printPlain(stream, ...args))
        writeText(stream, formatWithOptions(undefined, ...args));
};

// --- table --------------------------------------------------------------------------------------

const cell = (value) => {
    const large = value !== null && typeof value === 'object' && !Array.isArray(value) &&
        Object.keys(value).length > 2;
    return inspect(value, { depth: large ? -1 : 0, maxArrayLength: 3, breakLength: Infinity });
};

const drawTable = (heads, rows) => {
    const widths = heads.map((head, i) =>
        rows.reduce((most, row) => Math.max(most, widthOf(row[i] ?? '')), widthOf(head)));
    const rule = (left, middle, right) =>
        left + widths.map((width) => '─'.repeat(width + 2)).join(middle) + right;
    const line = (row) => `│ ${widths.map((width, i) =>
        (row[i] ?? '') + ' '.repeat(width - widthOf(row[i] ?? ''))).join(' │ ')} │`;
    return [
        rule('┌', '┬', '┐'), line(heads), rule('├', '┼', '┤'), ...rows.map(line),
        rule('└', '┴', '┘'),
    ].join('\n');
};

const isPrimitive = (value) =>
    value === null || (typeof value !== 'object' && typeof value !== 'function');

const tableOfRows = (data, properties) => {
    const columns = new Map(); // property -> its place in a row
    let hasValues = false;
    const rows = Object.keys(data).map((index) => {
        const row = { index, cells: new Map(), value: undefined };
        const item = data[index];
        if (properties === undefined && isPrimitive(item)) {
            hasValues = true;
            row.value = cell(item);
            return row;
        }
        for (const key of properties ?? Object.keys(item)) {
            columns.set(key, columns.get(key) ?? columns.size);
            const shown = !isPrimitive(item) && Object.hasOwn(item, key);
            row.cells.set(key, shown ? cell(item[key]) : '');
        }
        return row;
    });
    const names = [...columns.keys()];
    return drawTable(['(index)', ...names, ...(hasValues ? ['Values'] : [])],
        rows.map(({ index, cells, value }) =>
            [index, ...names.map((name) => cells.get(name)), value]));
};

const tableText = (data, properties) => {
    if (kindOf(data) === 'Map')
        return drawTable(['(iteration index)', 'Key', 'Values'],
            [...data].map(([key, value], i) => [`${i}`, cell(key), cell(value)]));
    if (kindOf(data) === 'Set')
        return drawTable(['(iteration index)', 'Values'],
            [...data].map((value, i) => [`${i}`, cell(value)]));
    return tableOfRows(data, properties);
};

// --- stopwatches --------------------------------------------------------------------------------

const padded = (number) => `${number}`.padStart(2, '0');

const duration = (ms) => {
    if (ms < 1000)
        return `${Number(ms.toFixed(3))}ms`;
    if (ms < 60000)
        return `${(ms / 1000).toFixed(3)}s`;
    const hours = Math.floor(ms / 3600000);
    const minutes = Math.floor(ms % 3600000 / 60000);
    const [seconds, rest] = (ms % 60000 / 1000).toFixed(3).split('.');
    return `${hours > 0 ? `${hours}:${padded(minutes)}` : minutes}:${padded(seconds)}.${rest} ` +
        `(${hours > 0 ? 'h:m' : ''}m:ss.mmm)`;
};

const readStopwatch = (method, label, args) => {
    const started = stopwatches.get(label);
    if (started === undefined)
        write(STDERR, [`Warning: No such label '${label}' for console.${method}()`]);
    else
        write(STDOUT, ['%s: %s', label, duration(now() - started), ...args]);
};

export const console = {
    log(...args) {
        write(STDOUT, args);
    },
    info(...args) {
        write(STDOUT, args);
    },
    debug(...args) {
        write(STDOUT, args);
    },
    warn(...args) {
        write(STDERR, args);
    },
    error(...args) {
        write(STDERR, args);
    },
    dir(value, options) {
        writeText(STDOUT, inspect(value, { customInspect: false, ...options }));
    },
    dirxml(...args) {
        write(STDOUT, args);
    },
    table(data, properties) {
        if (properties !== undefined && !Array.isArray(properties))
            throw new TypeError('console.table: the second argument is an array of property names');
        if (isPrimitive(data))
            write(STDOUT, [data]);
        else
            writeText(STDOUT, tableText(data, properties));
    },
    trace(...args) {
        const message = formatWithOptions(undefined, ...args);
        const stack = new Error().stack.split('\n').slice(1).join('\n').trimEnd();
        writeText(STDERR, `Trace${message === '' ? '' : `: ${message}`}\n${stack}`);
    },
    assert(condition, ...args) {
        if (condition)
            return;
        const [first, ...rest] = args;
        if (args.length === 0)
            write(STDERR, ['Assertion failed']);
        else if (typeof first === 'string')
            write(STDERR, [`Assertion failed: ${first}`, ...rest]);
        else
            write(STDERR, ['Assertion failed:', ...args]);
    },
    count(label = 'default') {
        const count = (counters.get(`${label}`) ?? 0) + 1;
        counters.set(`${label}`, count);
        write(STDOUT, [`${label}: ${count}`]);
    },
    countReset(label = 'default') {
        if (!counters.delete(`${label}`))
            write(STDERR, [`Warning: Count for '${label}' does not exist`]);
    },
    group(...args) {
        if (args.length > 0)
            write(STDOUT, args);
        indentation += '  ';
    },
    groupCollapsed(...args) {
        console.group(...args);
    },
    groupEnd() {
        indentation = indentation.slice(2);
    },
    time(label = 'default') {
        if (stopwatches.has(`${label}`))
            write(STDERR, [`Warning: Label '${label}' already exists for console.time()`]);
        else
            stopwatches.set(`${label}`, now());
    },
    timeEnd(label = 'default') {
        readStopwatch('timeEnd', `${label}`, []);
        stopwatches.delete(`${label}`);
    },
    timeLog(label = 'default', ...args) {
        readStopwatch('timeLog', `${label}`, args);
    },
    [Symbol.toStringTag]: 'console',
};
Object.defineProperty(console, Symbol.toStringTag, { enumerable: false });
