// DOMException, Event, EventTarget, AbortController and AbortSignal.
import { alike, finish, same, test, throws } from './check.js';

test('DOMException is an Error with a name and a code', () => {
    const error = new DOMException('no', 'AbortError');
    same(error instanceof Error, true);
    same(error.code, DOMException.ABORT_ERR);
    same(error.code, 20);
    same(`${error}`, 'AbortError: no');
    same(new DOMException().name, 'Error');
    same(new DOMException('x', 'TimeoutError').code, 23);
    same(new DOMException('x', { name: 'DataError', cause: 1 }).cause, 1);
    same(DOMException.prototype.DATA_CLONE_ERR, 25);
    same(error.stack.includes('events_test.js'), true, error.stack);
});

test('listeners are called in their order, once each', () => {
    const target = new EventTarget();
    const seen = [];
    const twice = () => seen.push('twice');
    target.addEventListener('go', twice);
    target.addEventListener('go', twice);
    target.addEventListener('go', { handleEvent: (event) => seen.push(event.type) });
    target.addEventListener('go', () => seen.push('once'), { once: true });
    target.addEventListener('other', () => seen.push('other'));
    same(target.dispatchEvent(new Event('go')), true);
    target.removeEventListener('go', twice);
    target.dispatchEvent(new Event('go'));
    alike(seen, ['twice', 'go', 'once', 'go']);
    throws(() => target.dispatchEvent({ type: 'go' }), 'TypeError');
});

test('an event knows where it is and what was done to it', () => {
    const target = new EventTarget();
    const event = new CustomEvent('go', { cancelable: true, detail: 5 });
    target.addEventListener('go', function (given) {
        same(this, target);
        same(given, event);
        same(event.currentTarget, target);
        same(event.eventPhase, Event.AT_TARGET);
        alike(event.composedPath().length, 1);
        throws(() => target.dispatchEvent(event), 'InvalidStateError');
        event.preventDefault();
        event.stopImmediatePropagation();
    });
    target.addEventListener('go', () => { throw new Error('must not be called'); });
    same(target.dispatchEvent(event), false);
    same(event.defaultPrevented, true);
    same(event.currentTarget, null);
    same(event.target, target);
    same(event.detail, 5);
    throws(() => new Event(), 'TypeError');
});

test('a signal removes listeners', () => {
    const target = new EventTarget();
    const controller = new AbortController();
    let calls = 0;
    target.addEventListener('go', () => calls++, { signal: controller.signal });
    target.dispatchEvent(new Event('go'));
    controller.abort();
    target.dispatchEvent(new Event('go'));
    same(calls, 1);
});

test('a controller aborts its signal once', () => {
    const controller = new AbortController();
    const { signal } = controller;
    const seen = [];
    signal.onabort = (event) => seen.push(event.type);
    signal.addEventListener('abort', () => seen.push(signal.aborted));
    signal.throwIfAborted();
    controller.abort('why');
    controller.abort('again');
    alike(seen, ['abort', true]);
    same(signal.reason, 'why');
    let thrown;
    try {
        signal.throwIfAborted();
    } catch (error) {
        thrown = error;
    }
    same(thrown, 'why');
    throws(() => new AbortSignal(), 'TypeError');
});

test('abort without a reason is an AbortError', () => {
    same(AbortSignal.abort().reason.name, 'AbortError');
    same(AbortSignal.abort(3).reason, 3);
});

test('a timeout aborts with a TimeoutError', async () => {
    const signal = AbortSignal.timeout(1);
    same(signal.aborted, false);
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    same(signal.reason.name, 'TimeoutError');
    throws(() => AbortSignal.timeout(-1), 'RangeError');
});

test('any follows the first of its signals, also through others', () => {
    const first = new AbortController();
    const second = new AbortController();
    const inner = AbortSignal.any([first.signal, second.signal]);
    const outer = AbortSignal.any([inner]);
    const seen = [];
    second.signal.addEventListener('abort', () => seen.push(inner.aborted && outer.aborted));
    outer.addEventListener('abort', () => seen.push('outer'));
    second.abort('second');
    first.abort('first');
    same(inner.reason, 'second');
    same(outer.reason, 'second');
    alike(seen, [true, 'outer']);
    same(AbortSignal.any([AbortSignal.abort(1), AbortSignal.abort(2)]).reason, 1);
    same(AbortSignal.any([]).aborted, false);
    throws(() => AbortSignal.any([{}]), 'TypeError');
});

await finish();
