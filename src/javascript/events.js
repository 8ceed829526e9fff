// events.js - DOMException, Event, CustomEvent, EventTarget, AbortController and AbortSignal, as
// the DOM standard has them where there is no document.
import { clearTimeout, setQuietTimeout } from 'pinstripe:native/engine';
import { now } from 'pinstripe:native/platform';

// --- DOMException -------------------------------------------------------------------------------

const codes = [
    'INDEX_SIZE_ERR', 'DOMSTRING_SIZE_ERR', 'HIERARCHY_REQUEST_ERR', 'WRONG_DOCUMENT_ERR',
    'INVALID_CHARACTER_ERR', 'NO_DATA_ALLOWED_ERR', 'NO_MODIFICATION_ALLOWED_ERR', 'NOT_FOUND_ERR',
    'NOT_SUPPORTED_ERR', 'INUSE_ATTRIBUTE_ERR', 'INVALID_STATE_ERR', 'SYNTAX_ERR',
    'INVALID_MODIFICATION_ERR', 'NAMESPACE_ERR', 'INVALID_ACCESS_ERR', 'VALIDATION_ERR',
    'TYPE_MISMATCH_ERR', 'SECURITY_ERR', 'NETWORK_ERR', 'ABORT_ERR', 'URL_MISMATCH_ERR',
    'QUOTA_EXCEEDED_ERR', 'TIMEOUT_ERR', 'INVALID_NODE_TYPE_ERR', 'DATA_CLONE_ERR',
]; // from 1 on

// "AbortError" is ABORT_ERR, "InUseAttributeError" INUSE_ATTRIBUTE_ERR.
const constantName = (name) => name.replace('InUse', 'Inuse').replace('URLM', 'UrlM')
    .replace(/Error$/, 'Err').replace(/([a-z])([A-Z])/g, '$1_$2').toUpperCase();

export class DOMException extends Error {
    #name;

    constructor(message = '', options = 'Error') {
        super(`${message}`);
        const given = typeof options === 'object' && options !== null ? options : { name: options };
        this.#name = `${given.name ?? 'Error'}`;
        if ('cause' in given)
            hidden(this, 'cause', given.cause);
        const ownFrame = this.stack.indexOf('\n') + 1; // that of this constructor
        hidden(this, 'stack', this.stack.slice(ownFrame));
    }

    get name() {
        return this.#name;
    }

    get code() {
        return this.#name.endsWith('Error') ? codes.indexOf(constantName(this.#name)) + 1 : 0;
    }
}

const hidden = (object, name, value) =>
    Object.defineProperty(object, name,
        { value, writable: true, enumerable: false, configurable: true });

const fixed = (types, name, value) => {
    for (const type of types)
        Object.defineProperty(type, name, { value, enumerable: true });
};

codes.forEach((name, i) => fixed([DOMException, DOMException.prototype], name, i + 1));
hidden(DOMException.prototype, Symbol.toStringTag, 'DOMException');

// --- events -------------------------------------------------------------------------------------

const NONE = 0;
const AT_TARGET = 2;

export class Event {
    #type;
    #bubbles;
    #cancelable;
    #composed;
    #timeStamp = now();
    #prevented = false;
    #stopped = false;
    #stoppedNow = false;
    #passive = false;
    #target = null;
    #phase = NONE;

    constructor(type, options = {}) {
        if (arguments.length === 0)
            throw new TypeError('new Event(type) needs the type');
        const { bubbles = false, cancelable = false, composed = false } = options ?? {};
        this.#type = `${type}`;
        this.#bubbles = !!bubbles;
        this.#cancelable = !!cancelable;
        this.#composed = !!composed;
    }

    get type() { return this.#type; }
    get target() { return this.#target; }
    get srcElement() { return this.#target; }
    get currentTarget() { return this.#phase === NONE ? null : this.#target; }
    get eventPhase() { return this.#phase; }
    get bubbles() { return this.#bubbles; }
    get cancelable() { return this.#cancelable; }
    get composed() { return this.#composed; }
    get defaultPrevented() { return this.#prevented; }
    get returnValue() { return !this.#prevented; }
    get timeStamp() { return this.#timeStamp; }
    get isTrusted() { return false; }
    get cancelBubble() { return this.#stopped; }

    set cancelBubble(value) {
        this.#stopped ||= !!value;
    }

    composedPath() {
        return this.#phase === NONE ? [] : [this.#target];
    }

    preventDefault() {
        this.#prevented ||= this.#cancelable && !this.#passive;
    }

    stopPropagation() {
        this.#stopped = true;
    }

    stopImmediatePropagation() {
        this.#stopped = true;
        this.#stoppedNow = true;
    }

    // Calls the listeners that `target` has now; used by EventTarget only.
    static dispatch(event, target, listeners) {
        if (event.#phase !== NONE)
            throw new DOMException('The event is already being dispatched.', 'InvalidStateError');
        event.#target = target;
        event.#phase = AT_TARGET;
        for (const listener of event.#stopped ? [] : [...listeners]) {
            if (event.#stoppedNow)
                break;
            if (listener.removed)
                continue;
            event.#passive = listener.passive;
            callListener(listener, event, target);
        }
        event.#phase = NONE;
        event.#passive = event.#stopped = event.#stoppedNow = false;
        return !event.#prevented;
    }

    [Symbol.for('pinstripe.inspect')](depth, options, inspect) {
        const { type, defaultPrevented, cancelable, timeStamp } = this;
        const shown = { type, defaultPrevented, cancelable, timeStamp };
        return `${this.constructor.name} ${inspect(shown, options)}`;
    }
}

['NONE', 'CAPTURING_PHASE', 'AT_TARGET', 'BUBBLING_PHASE']
    .forEach((name, i) => fixed([Event, Event.prototype], name, i));
hidden(Event.prototype, Symbol.toStringTag, 'Event');

const dispatch = Event.dispatch;
delete Event.dispatch;

export class CustomEvent extends Event {
    #detail;

    constructor(type, options = {}) {
        super(type, options);
        this.#detail = options?.detail ?? null;
    }

    get detail() {
        return this.#detail;
    }
}
hidden(CustomEvent.prototype, Symbol.toStringTag, 'CustomEvent');

// What a listener throws stops neither the others nor the dispatcher; like any error that nobody
// handles it fails the run.
const callListener = (listener, event, target) => {
    const { callback } = listener;
    if (listener.once)
        listener.remove();
    try {
        if (typeof callback === 'function')
            callback.call(target, event);
        else
            callback.handleEvent(event);
    } catch (error) {
        Promise.reject(error);
    }
};

export class EventTarget {
    #listeners = new Map(); // type -> listeners, in the order in which they were added

    addEventListener(type, callback, options) {
        const { capture = false, once = false, passive = false, signal } =
            typeof options === 'object' && options !== null ? options : { capture: options };
        if (callback === null || callback === undefined || signal?.aborted)
            return;
        if (typeof callback !== 'function' && typeof callback !== 'object')
            throw new TypeError('A listener is a function or an object with a handleEvent method');
        const list = this.#listeners.get(`${type}`) ?? [];
        if (list.some((other) => other.callback === callback && other.capture === !!capture))
            return;
        const listener = {
            callback, capture: !!capture, once: !!once, passive: !!passive, removed: false,
        };
        listener.remove = () => this.#remove(`${type}`, listener);
        this.#listeners.set(`${type}`, [...list, listener]);
        signal?.addEventListener('abort', listener.remove, { once: true });
    }

    removeEventListener(type, callback, options) {
        const capture = !!(typeof options === 'object' ? options?.capture : options);
        const found = this.#listeners.get(`${type}`)?.find((listener) =>
            listener.callback === callback && listener.capture === capture);
        if (found !== undefined)
            this.#remove(`${type}`, found);
    }

    dispatchEvent(event) {
        if (!(event instanceof Event))
            throw new TypeError('dispatchEvent(event) needs an Event');
        return dispatch(event, this, this.#listeners.get(event.type) ?? []);
    }

    #remove(type, listener) {
        listener.removed = true;
        this.#listeners.set(type, this.#listeners.get(type).filter((other) => other !== listener));
    }
}
hidden(EventTarget.prototype, Symbol.toStringTag, 'EventTarget');

// --- abort --------------------------------------------------------------------------------------

const OURS = Symbol('made by this module');

export class AbortSignal extends EventTarget {
    #aborted = false;
    #reason;
    #dependents = [];
    #onabort = null;
    #timer;

    constructor(key) {
        if (key !== OURS)
            throw new TypeError('An AbortSignal is made by an AbortController or by ' +
                'AbortSignal.abort, timeout or any');
        super();
    }

    static abort(reason) {
        const signal = new AbortSignal(OURS);
        signal.#abort(reason);
        return signal;
    }

    static timeout(milliseconds) {
        const delay = Number(milliseconds);
        if (!(delay >= 0 && delay <= Number.MAX_SAFE_INTEGER))
            throw new RangeError(`AbortSignal.timeout(milliseconds): ${milliseconds} is no time`);
        const signal = new AbortSignal(OURS);
        signal.#timer = setQuietTimeout(() => signal.#abort(
            new DOMException('The operation was aborted due to timeout', 'TimeoutError')), delay);
        return signal;
    }

    static any(signals) {
        const all = [...signals];
        const signal = new AbortSignal(OURS);
        if (!all.every((other) => other instanceof AbortSignal))
            throw new TypeError('AbortSignal.any(signals): an entry is no AbortSignal');
        const aborted = all.find((other) => other.aborted);
        if (aborted !== undefined)
            signal.#abort(aborted.reason);
        else
            for (const other of all)
                other.#dependents.push(signal);
        return signal;
    }

    // Aborts the signal of a controller; used by AbortController only.
    static abortFor(signal, reason) {
        signal.#abort(reason);
    }

    get aborted() {
        return this.#aborted;
    }

    get reason() {
        return this.#reason;
    }

    get onabort() {
        return this.#onabort;
    }

    set onabort(handler) {
        if (this.#onabort !== null)
            this.removeEventListener('abort', this.#onabort);
        this.#onabort = typeof handler === 'function' ? handler : null;
        this.addEventListener('abort', this.#onabort);
    }

    throwIfAborted() {
        if (this.#aborted)
            throw this.#reason;
    }

    // All signals that follow this one are aborted before the first listener hears of it.
    #abort(reason = new DOMException('This operation was aborted', 'AbortError')) {
        for (const signal of this.#mark(reason))
            signal.dispatchEvent(new Event('abort'));
    }

    #mark(reason) {
        if (this.#aborted)
            return [];
        this.#aborted = true;
        this.#reason = reason;
        clearTimeout(this.#timer);
        return [this, ...this.#dependents.splice(0).flatMap((signal) => signal.#mark(reason))];
    }

    [Symbol.for('pinstripe.inspect')](depth, options, inspect) {
        return `AbortSignal ${inspect({ aborted: this.#aborted }, options)}`;
    }
}
hidden(AbortSignal.prototype, Symbol.toStringTag, 'AbortSignal');

const { abortFor } = AbortSignal;
delete AbortSignal.abortFor;

export class AbortController {
    #signal = new AbortSignal(OURS);

    get signal() {
        return this.#signal;
    }

    abort(reason) {
        abortFor(this.#signal, reason);
    }

    [Symbol.for('pinstripe.inspect')](depth, options, inspect) {
        return `AbortController ${inspect({ signal: this.#signal }, options)}`;
    }
}
hidden(AbortController.prototype, Symbol.toStringTag, 'AbortController');
