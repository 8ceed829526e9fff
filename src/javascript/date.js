// date.js - Date with right local times around the hours when clocks change.
//
// The engine turns a local time into an instant with the offset of a moment some hours away, so
// that `new Date(2024, 10, 3, 3, 30)` in New York is an hour wrong. Everything that reads local
// time is replaced here: the constructor, Date.parse and the setters. What writes it is right.
import { offsetAt, utcFromLocal } from 'pinstripe:native/platform';

const Native = globalThis.Date;
const { UTC, now } = Native;
const nativeParse = Native.parse;
const { prototype } = Native;
const { getTime, setTime } = prototype;
const { construct } = Reflect;

const DAY = 24 * 3600 * 1000;

// A zone at the end, or a date alone in ISO form, which is UTC.
const isAbsolute = (text) =>
    /(?:\b(?:GMT|UTC?|[ECMP][SD]T)\b|\dZ|[+-]\d\d:?\d\d)[^\d]*$/i.test(text) ||
    /^(?:[+-]\d\d)?\d{4}(?:-\d\d(?:-\d\d)?)?$/.test(text);

const parse = (text) => {
    const time = nativeParse(text);
    if (Number.isNaN(time) || offsetAt(time - DAY) === offsetAt(time + DAY) || isAbsolute(text))
        return time;
    const local = nativeParse(`${text}${/\dT\d/.test(text) ? 'Z' : ' GMT'}`);
    return Number.isNaN(local) ? time : utcFromLocal(local);
};

const timeFrom = (args) => {
    if (args.length > 1)
        return utcFromLocal(UTC(...args));
    let [value] = args;
    if (typeof value === 'object' && value !== null) {
        if (value instanceof Native)
            return getTime.call(value);
        value = toPrimitive(value);
    }
    return typeof value === 'string' ? parse(value) : value;
};

const toPrimitive = (object) => {
    const convert = object[Symbol.toPrimitive];
    if (convert !== undefined && convert !== null)
        return convert.call(object, 'default');
    const value = object.valueOf();
    return typeof value === 'object' && value !== null ? object.toString() : value;
};

export function Date(...args) {
    if (new.target === undefined)
        return new Native().toString();
    return construct(Native, args.length === 0 ? args : [timeFrom(args)], new.target);
}

const hide = (object, values) => {
    for (const [name, value] of Object.entries(values))
        Object.defineProperty(object, name,
            { value, enumerable: false, writable: true, configurable: true });
};

Object.defineProperty(Date, 'prototype', { value: prototype, writable: false });
Object.defineProperty(Date, 'length', { value: 7 });
hide(Date, { UTC, now, parse: { parse: (text) => parse(`${text}`) }.parse });
hide(prototype, { constructor: Date });

// setHours and the like: sets the field on a clock that shows local time as if it were UTC.
for (const field of ['Milliseconds', 'Seconds', 'Minutes', 'Hours', 'Date', 'Month', 'FullYear']) {
    const set = prototype[`setUTC${field}`];
    const name = `set${field}`;
    const { length } = prototype[name];
    const method = {
        [name](...args) {
            const time = getTime.call(this);
            const clock = new Native(time + offsetAt(time));
            return setTime.call(this, utcFromLocal(set.apply(clock, args)));
        },
    }[name];
    hide(prototype, { [name]: Object.defineProperty(method, 'length', { value: length }) });
}
