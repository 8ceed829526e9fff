// platform.js - what a job may expect from a modern runtime, put on globalThis.
//
// Imported once, before any file of the project. Nothing here is read from the clock or drawn at
// random while it is loaded: that would be the same in every run (see image.h). docs/javascript.md
// has the table of all this for people.
import { queueMicrotask } from 'pinstripe:native/engine';
import { fillRandom, now, randomUuid, timeOrigin } from 'pinstripe:native/platform';
import { console } from 'pinstripe:console';
import { Date } from 'pinstripe:date';
import { TextDecoder, TextEncoder, atob, btoa } from 'pinstripe:encoding';
import {
    AbortController, AbortSignal, CustomEvent, DOMException, Event, EventTarget,
} from 'pinstripe:events';
import { kindOf } from 'pinstripe:kind';
import { structuredClone } from 'pinstripe:structured_clone';
import { URL, URLSearchParams } from 'pinstripe:url';

const RANDOM_BYTES_MAX = 65536; // of one call, by the standard

const hide = (object, name, value) =>
    Object.defineProperty(object, name,
        { value, enumerable: false, writable: true, configurable: true });

const tagged = (object, tag) =>
    Object.defineProperty(object, Symbol.toStringTag, { value: tag, configurable: true });

const integerArray = /^(Big)?(Int|Uint)[0-9]+(Clamped)?Array$/;

const crypto = tagged({
    getRandomValues(array) {
        if (!integerArray.test(kindOf(array) ?? ''))
            throw new DOMException('crypto.getRandomValues(array) fills a typed array of integers',
                'TypeMismatchError');
        if (array.byteLength > RANDOM_BYTES_MAX)
            throw new DOMException(`crypto.getRandomValues(array): ${array.byteLength} bytes are ` +
                `more than ${RANDOM_BYTES_MAX} at once`, 'QuotaExceededError');
        return fillRandom(array);
    },
    randomUUID: () => randomUuid(),
}, 'Crypto');

const performance = tagged({
    now: () => now(),
    get timeOrigin() {
        return timeOrigin();
    },
    toJSON() {
        return { timeOrigin: this.timeOrigin };
    },
}, 'Performance');

const globals = {
    AbortController, AbortSignal, CustomEvent, DOMException, Date, Event, EventTarget, TextDecoder,
    TextEncoder, URL, URLSearchParams, atob, btoa, console, crypto, performance, queueMicrotask,
    structuredClone,
};

for (const [name, value] of Object.entries(globals))
    hide(globalThis, name, value);

// Not of the standard, but existing code calls it without asking whether it is there.
hide(Error, 'captureStackTrace', function captureStackTrace(object) {
    hide(object, 'stack', new Error().stack.split('\n').slice(1).join('\n'));
});
